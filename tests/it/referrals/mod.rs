//! Referrals through the whole program: who becomes whose referee, and what that earns.

mod accrual;
mod crash;
mod formula;
mod json;
mod page;
mod scene;
mod sign_up;
