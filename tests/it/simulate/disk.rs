//! The disk under a boot's spool: slow, full, and torn where the program is killed in mid-record.

use crate::simulate::faults::Fault;
use crate::simulate::world::{Inner, Platter, World};
use derouter::domain::ids::{BootId, NodeId};
use derouter::store::spool::{Disk, SpoolError};
use futures_util::future::BoxFuture;
use std::io;
use std::sync::Arc;

/// One boot's part of the world's disks.
pub struct SimulatedDisk {
    world: World,
    at: (NodeId, BootId),
}

impl SimulatedDisk {
    pub fn new(world: World, node: NodeId, boot: BootId) -> Self {
        world.lock().platters.insert((node, boot), Platter::default());
        SimulatedDisk { world, at: (node, boot) }
    }
}

/// True if this record is refused; else how long its fsync takes at most, in microseconds.
fn draw(world: &mut Inner) -> Result<u64, ()> {
    let store = world.plan.store / 2;
    if world.happens(store) {
        world.faults.count(Fault::SpoolFull);
        return Err(());
    }
    if world.happens(store) {
        world.faults.count(Fault::SpoolSlow);
        return Ok(2_000_000);
    }
    Ok(20_000)
}

impl Disk for SimulatedDisk {
    fn append(&self, record: Vec<u8>) -> BoxFuture<'static, Result<(), SpoolError>> {
        let (world, at) = (self.world.clone(), self.at);
        Box::pin(async move {
            world.step().await;
            let drawn = draw(&mut world.lock());
            let Ok(longest) = drawn else {
                return Err(SpoolError::Write(Arc::new(io::Error::from(io::ErrorKind::StorageFull))));
            };
            let number = {
                let mut inner = world.lock();
                let number = inner.audit.next_record();
                inner.platters.get_mut(&at).expect("made at the start").under_way.push((number, record));
                inner.may_be_killed_soon();
                number
            };
            world.pass(300..=longest).await;
            {
                let mut inner = world.lock();
                if inner.is_alive() {
                    let platter = inner.platters.get_mut(&at).expect("made at the start");
                    let place = platter.under_way.iter().position(|(n, _)| *n == number).expect("it is under way");
                    let (_, record) = platter.under_way.remove(place);
                    platter.bytes.extend_from_slice(&record);
                }
            }
            // On the disk, and nobody was told.
            world.step().await;
            Ok(())
        })
    }

    fn clear(&self) -> io::Result<()> {
        let mut world = self.world.lock();
        if world.is_alive() {
            world.platters.get_mut(&self.at).expect("made at the start").bytes.clear();
        }
        Ok(())
    }

    fn close(&self, _is_empty: bool) {}
}
