//! What the tests share: a throwaway database cluster and the real program on it.

pub mod app;
pub mod browser;
pub mod calls;
pub mod clients;
pub mod cluster;
pub mod cutter;
pub mod described;
pub mod desk;
pub mod form;
pub mod own_cluster;
pub mod process;
pub mod site;
pub mod stranger;
pub mod wishes;
