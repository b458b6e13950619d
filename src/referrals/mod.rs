//! Commission on what referees consume: accrued, held back, paid, and taken back with the money it was earned on.

pub mod keeper;
