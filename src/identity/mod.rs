//! Who someone is and what they may do with it: credentials, codes, sessions, bindings, and the desk for keys.

pub mod account_key_uses;
pub mod bindings;
pub mod code_mail;
pub mod codes;
pub mod credentials;
pub mod cursors;
pub mod desk_error;
pub mod form_token;
pub mod key_desk;
pub mod random;
pub mod sessions;
pub mod sign_in_mail;
