//! The composition root: builds every part in order, serves, and takes everything down again in order.

pub mod books;
pub mod build;
pub mod cluster_keeper;
pub mod descriptors;
pub mod door;
pub mod operator_token;
pub mod payments;
pub mod people;
pub mod recovery;
pub mod rounds;
pub mod serve;
pub mod sites;
pub mod stop;
