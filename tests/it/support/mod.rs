//! What the tests share: a throwaway database cluster and the real program on it.

pub mod app;
pub mod calls;
pub mod cluster;
pub mod desk;
pub mod process;
pub mod site;
pub mod wishes;
