//! What the tests share: a throwaway database cluster.

pub mod cluster;
