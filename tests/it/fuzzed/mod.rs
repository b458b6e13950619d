//! What must hold for any bytes from a stranger: one property a file, from bytes alone. The fuzz targets in `fuzz/` call the
//! same functions.

mod amount;
mod quick;
mod request;
mod spool;
mod sse;
mod usage;
mod webhook;
