//! F of the program and F of the schema are the same function.

use crate::support::cluster::TestDatabase;
use derouter::domain::money::Cost;
use derouter::domain::referral::Tiers;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

const CENT: i64 = 10_000_000;
const CASES: usize = 2_000;

#[tokio::test]
async fn the_program_and_the_schema_agree_on_every_commission() {
    let seed = std::env::var("DEROUTER_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}");
    let mut rng = SmallRng::seed_from_u64(seed);
    let database = TestDatabase::create().await;
    let pool = database.pool();
    for _ in 0..CASES {
        let number = rng.random_range(1..=8);
        let mut bounds = vec![0_i64];
        for _ in 1..number {
            let digits = rng.random_range(1..9);
            let step = rng.random_range(1..=10_i64.pow(digits)) * CENT;
            bounds.push(bounds[bounds.len() - 1] + step);
        }
        let rates: Vec<i32> = bounds.iter().map(|_| rng.random_range(0..=10_000)).collect();
        let margin = rng.random_range(0..=10_000_i32);
        // Some on a bound, some beside one, some as far as an amount goes.
        let near = bounds[rng.random_range(0..bounds.len())].saturating_add(rng.random_range(-1..=1)).max(0);
        let most = i64::MAX >> rng.random_range(0..40);
        let x = if rng.random() { near } else { rng.random_range(0..=most) };
        let costs: Vec<Cost> = bounds.iter().map(|b| Cost::from_nanos(*b)).collect();
        let unsigned: Vec<u32> = rates.iter().map(|r| u32::try_from(*r).expect("a rate")).collect();
        let tiers = Tiers::of(&costs, &unsigned, u32::try_from(margin).expect("a margin")).expect("tiers");
        let theirs: i64 = sqlx::query_scalar("SELECT ledger.commission_total($1, $2, $3, $4)")
            .bind(x)
            .bind(&bounds)
            .bind(&rates)
            .bind(margin)
            .fetch_one(&pool)
            .await
            .expect("the schema's own");
        assert_eq!(tiers.total(Cost::from_nanos(x)).nanos(), theirs, "{x} in {bounds:?} at {rates:?} under {margin}");
    }
    pool.close().await;
}
