//! Mails as people read them: one letter, told as text and as HTML.

pub mod letter;
