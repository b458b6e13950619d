//! What the pages of both sites share: the stage they stand on, forms, answers, words, charts, sign-in.
//!
//! A handler of a page is `async fn(HttpRequest, …) -> Result<HttpResponse, JsonError>`; `mishaps` turns an error into a
//! page, and 401 into the way to sign-in. Nothing here knows a figure of one side alone.

pub mod amount;
pub mod assets;
pub mod chart;
pub mod csv;
pub mod form;
pub mod live;
pub mod local;
pub mod mishaps;
pub mod parts;
pub mod reply;
pub mod sessions;
pub mod sign_in;
pub mod stage;
pub mod theme;
pub mod words;
