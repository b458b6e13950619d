//! What a call must hold before it may start, and how much output that buys (`architecture.md` §6 "Holds").
//!
//! A stream holds its input and a slice of output, grown while it runs. A buffered call holds its worst case, or what
//! the key has left, and is then asked for less output.

use crate::domain::money::Cost;
use crate::domain::op::Refusal;
use crate::domain::quote::Quote;

/// Output tokens a stream holds at a time: Claude Code asks for 128,000 and uses a few hundred.
pub const SLICE_TOKENS: u64 = 4_096;
/// The smallest answer worth starting for: under it the call is refused rather than cut.
pub const FLOOR_TOKENS: u64 = 256;

/// The terms of an admission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Cost held.
    pub hold: Cost,
    /// Output tokens the hold pays for.
    pub output: u64,
    /// Set where the request's `max_tokens` must be lowered to `output`.
    pub lowered: bool,
}

/// Terms of a streamed call with `free` cost on the key.
///
/// # Errors
/// `BalanceTooLow` with the cost of the smallest useful call.
pub fn streamed(quote: &Quote, free: Cost) -> Result<Terms, Refusal> {
    let wanted = quote.max_output().min(SLICE_TOKENS);
    let terms = affordable(quote, free, wanted, quote.max_output().min(FLOOR_TOKENS))?;
    Ok(Terms { lowered: false, ..terms })
}

/// Terms of a buffered call with `free` cost on the key.
///
/// # Errors
/// `BalanceTooLow` where less than the floor, or than the thinking budget, is affordable.
pub fn buffered(quote: &Quote, free: Cost) -> Result<Terms, Refusal> {
    let floor = quote.max_output().min(FLOOR_TOKENS);
    // An answer must have room after its thinking, so the limit has to lie above the thinking budget.
    let floor = quote.thinking_budget().map_or(floor, |thinking| floor.max(thinking.saturating_add(1)));
    affordable(quote, free, quote.max_output(), floor.min(quote.max_output()))
}

/// Terms of a call that costs nothing: the key only has to have something left.
///
/// # Errors
/// `BalanceTooLow` where nothing is left.
pub fn free(free: Cost) -> Result<Terms, Refusal> {
    let smallest = Cost::from_nanos(1);
    if free < smallest {
        return Err(Refusal::BalanceTooLow { needed: smallest, available: free });
    }
    Ok(Terms { hold: Cost::ZERO, output: 0, lowered: false })
}

fn affordable(quote: &Quote, free: Cost, wanted: u64, floor: u64) -> Result<Terms, Refusal> {
    let input = quote.input_bound();
    let hold = input.saturating_add(quote.output_cost(wanted));
    if hold <= free {
        return Ok(Terms { hold, output: wanted, lowered: false });
    }
    let needed = input.saturating_add(quote.output_cost(floor));
    if needed > free {
        return Err(Refusal::BalanceTooLow { needed, available: free });
    }
    let output = quote.tokens_affordable(free.saturating_sub(input)).clamp(floor, wanted);
    Ok(Terms { hold: free, output, lowered: output < wanted })
}
