//! The reseller's pages. Each handler opens a `Visit` (session, look, frame), asks the books or the views, and renders
//! one template; each form is one handler that shows it and one that does it.

pub mod page;
pub mod routes;
pub mod session;
pub mod state;
pub mod step_up;
pub mod visit;
