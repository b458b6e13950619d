//! What dashboard and portal share: cookies, sessions, the guard against foreign pages, sign-in.

pub mod cookies;
pub mod guard;
pub mod outbox;
pub mod person;
pub mod routes;
pub mod sign_in;
pub mod state;
pub mod step_up;
