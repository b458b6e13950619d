//! Who someone is: credentials, codes, sessions.

pub mod credentials;
