//! A batch as the columns that `commit_batch`, `commit_settles` and `commit_unnoted` take: one array a parameter, in the function's order.

use crate::domain::call::CallLine;
use crate::domain::op::{Movement, NewKey, Op};
use crate::store::journal::{Batch, Entry, OpenNote};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sqlx::postgres::PgArguments;
use sqlx::types::Json;
use sqlx::{Arguments, Error};
use uuid::Uuid;

const BATCH: &str = include_str!("sql/commit_batch.sql");
const SETTLES: &str = include_str!("sql/commit_settles.sql");
const UNNOTED: &str = include_str!("sql/commit_unnoted.sql");

/// The columns of a batch's ops; index i is op i everywhere.
#[derive(Default)]
struct Ops {
    account: Vec<Uuid>,
    seq: Vec<i64>,
    epoch: Vec<i64>,
    kind: Vec<i16>,
    key: Vec<Option<Uuid>>,
    cost: Vec<i64>,
    price: Vec<i64>,
    owed: Vec<i64>,
    idem: Vec<Option<String>>,
    hash: Vec<Option<Vec<u8>>>,
    detail: Vec<Option<Json<Box<serde_json::value::RawValue>>>>,
    call: Calls,
}

/// The columns only a settle fills.
#[derive(Default)]
struct Calls {
    id: Vec<Option<Uuid>>,
    outcome: Vec<Option<i16>>,
    flags: Vec<Option<i16>>,
    absorbed: Vec<Option<i64>>,
    model: Vec<Option<String>>,
    meters: [Vec<Option<i64>>; 4],
    started: Vec<Option<DateTime<Utc>>>,
    ended: Vec<Option<DateTime<Utc>>>,
}

/// The statement that writes a batch, with its arguments: a lean one where the batch holds nothing but settles, the
/// leanest where the table of notes does not matter to them.
///
/// # Errors
/// If a value cannot be encoded, which no value of ours does.
pub fn statement(node: Uuid, boot: Uuid, batch: &Batch) -> Result<(&'static str, PgArguments), Error> {
    let only_settles = batch.entries.iter().all(|e| matches!(e.op.movement, Movement::Settle(_)));
    let mut ops = Ops::default();
    batch.entries.iter().for_each(|e| ops.push(e));
    let mut args = PgArguments::default();
    args.add(node).map_err(Error::Encode)?;
    args.add(boot).map_err(Error::Encode)?;
    if only_settles { ops.bind_settles(&mut args) } else { ops.bind(&mut args) }.map_err(Error::Encode)?;
    if only_settles && batch.is_unnoted {
        return Ok((UNNOTED, args));
    }
    bind_notes(&batch.notes, &mut args).map_err(Error::Encode)?;
    Ok(if only_settles { (SETTLES, args) } else { (BATCH, args) })
}

impl Ops {
    fn push(&mut self, Entry { op, seq, epoch }: &Entry) {
        self.account.push(op.account.0);
        self.seq.push(*seq);
        self.epoch.push(*epoch);
        self.kind.push(op.movement.kind());
        self.key.push(op.key.map(|k| k.0));
        self.cost.push(op.cost.nanos());
        self.price.push(op.price.nanos());
        self.owed.push(op.owed.nanos());
        self.idem.push(op.idem.as_ref().map(|i| i.id.clone()));
        self.hash.push(op.idem.as_ref().map(|i| i.hash.to_vec()));
        self.detail.push(detail(op));
        self.call.push(match &op.movement {
            Movement::Settle(line) => Some(line),
            _ => None,
        });
    }

    fn bind(self, args: &mut PgArguments) -> Result<(), sqlx::error::BoxDynError> {
        args.add(self.account)?;
        args.add(self.seq)?;
        args.add(self.epoch)?;
        args.add(self.kind)?;
        args.add(self.key)?;
        args.add(self.cost)?;
        args.add(self.price)?;
        args.add(self.owed)?;
        args.add(self.idem)?;
        args.add(self.hash)?;
        args.add(self.detail)?;
        self.call.bind(args)
    }

    fn bind_settles(self, args: &mut PgArguments) -> Result<(), sqlx::error::BoxDynError> {
        args.add(self.account)?;
        args.add(self.seq)?;
        args.add(self.epoch)?;
        args.add(self.key)?;
        args.add(self.cost)?;
        args.add(self.price)?;
        args.add(self.detail)?;
        self.call.bind(args)
    }
}

impl Calls {
    fn push(&mut self, line: Option<&CallLine>) {
        let facts = line.map(|l| &l.facts);
        self.id.push(facts.map(|f| f.call.0));
        self.outcome.push(facts.map(|f| f.outcome.code()));
        self.flags.push(line.map(|l| l.flags.0));
        self.absorbed.push(line.map(|l| l.absorbed.nanos()));
        self.model.push(facts.map(|f| f.model.as_ref().to_owned()));
        let m = facts.map(|f| [f.meters.input, f.meters.output, f.meters.cache_read, f.meters.cache_write]);
        for (i, column) in self.meters.iter_mut().enumerate() {
            column.push(m.map(|m| i64::try_from(m[i]).unwrap_or(i64::MAX)));
        }
        self.started.push(facts.map(|f| instant(f.started_us)));
        self.ended.push(facts.map(|f| instant(f.ended_us)));
    }

    fn bind(self, args: &mut PgArguments) -> Result<(), sqlx::error::BoxDynError> {
        args.add(self.id)?;
        args.add(self.outcome)?;
        args.add(self.flags)?;
        args.add(self.absorbed)?;
        args.add(self.model)?;
        for column in self.meters {
            args.add(column)?;
        }
        args.add(self.started)?;
        args.add(self.ended)
    }
}

fn bind_notes(notes: &[OpenNote], args: &mut PgArguments) -> Result<(), sqlx::error::BoxDynError> {
    args.add(notes.iter().map(|n| n.call.0).collect::<Vec<_>>())?;
    args.add(notes.iter().map(|n| n.account.0).collect::<Vec<_>>())?;
    args.add(notes.iter().map(|n| n.key.0).collect::<Vec<_>>())?;
    args.add(notes.iter().map(|n| n.bound.nanos()).collect::<Vec<_>>())?;
    args.add(notes.iter().map(|n| n.model.as_ref().to_owned()).collect::<Vec<_>>())
}

/// Microseconds since the epoch as a timestamp; a value no clock shows becomes the epoch.
pub fn instant(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or_default()
}

/// What the journal keeps beside the numbers: never a secret but the digest, which the function strips.
fn detail(op: &Op) -> Option<Json<Box<serde_json::value::RawValue>>> {
    if let Movement::Settle(line) = &op.movement {
        return line
            .facts
            .detail
            .as_ref()
            .and_then(|d| serde_json::value::RawValue::from_string(d.clone()).ok())
            .map(Json);
    }
    let mut fields = fields_of(&op.movement);
    if let Some(by) = &op.by {
        fields.insert("by".to_owned(), Value::String(by.as_ref().to_owned()));
    }
    if fields.is_empty() {
        return None;
    }
    serde_json::value::to_raw_value(&Value::Object(fields)).ok().map(Json)
}

fn fields_of(movement: &Movement) -> Map<String, Value> {
    let value = match movement {
        Movement::Deposit { topup } => json!({ "topup_id": topup }),
        Movement::Commission { line } | Movement::CommissionBack { line } => json!({ "commission_id": line }),
        Movement::Correction { reason }
        | Movement::CorrectionBack { reason }
        | Movement::Freeze { reason }
        | Movement::Thaw { reason } => json!({ "reason": reason }),
        Movement::Reversal { source } | Movement::Reinstate { source } => json!({ "source": source }),
        Movement::CreateKey(new) => new_key(new),
        Movement::FundKey | Movement::Settle(_) | Movement::Refund | Movement::CloseKey => json!({}),
    };
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn new_key(new: &NewKey) -> Value {
    let (cost, price) = new.ratio.parts();
    json!({
        "label": new.label, "rpm": new.rpm, "concurrency": new.concurrency,
        "ratio_cost": cost, "ratio_price": price,
        "secret_hash": hex::encode(new.secret_digest), "pepper_version": new.pepper_version, "hint": new.hint,
    })
}
