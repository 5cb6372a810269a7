//! How often a phrase stands in a document, with slop as Lucene counts it: a walk over ordered sets.

use std::collections::BTreeSet;

/// A place of a phrase.
#[derive(Debug)]
pub(super) struct Slot {
    /// In the phrase.
    pub(super) offset: u32,
    /// The terms of which any may stand there.
    pub(super) terms: BTreeSet<String>,
    /// Where they stand in the document.
    pub(super) positions: Vec<u32>,
}

pub(super) fn frequency(mut slots: Vec<Slot>, slop: u32) -> f32 {
    for slot in &mut slots {
        slot.positions.sort_unstable();
        slot.positions.dedup();
        if slot.positions.is_empty() {
            return 0.0;
        }
    }
    if slop == 0 {
        return exact(&slots);
    }
    let at = vec![0; slots.len()];
    let mut walk = Walk {
        slots,
        at,
        queue: BTreeSet::new(),
        end: i64::MIN,
    };
    walk.frequency(i64::from(slop)).unwrap_or(0.0)
}

/// As often as it stands there as it is.
fn exact(slots: &[Slot]) -> f32 {
    let starts = slots[0].positions.iter().filter(|first| {
        let start = i64::from(**first) - i64::from(slots[0].offset);
        start >= 0
            && slots.iter().all(|slot| {
                let here = |p: &u32| i64::from(*p) == start + i64::from(slot.offset);
                slot.positions.iter().any(here)
            })
    });
    starts.fold(0.0, |count, _| count + 1.0)
}

struct Walk {
    slots: Vec<Slot>,
    /// Which of its positions each slot stands at.
    at: Vec<usize>,
    /// Slots by how far they are, less their offset: (place, offset, slot).
    queue: BTreeSet<(i64, u32, usize)>,
    /// The farthest place that any slot has been at.
    end: i64,
}

impl Walk {
    fn position(&self, slot: usize) -> u32 {
        self.slots[slot].positions[self.at[slot]]
    }

    fn key(&self, slot: usize) -> (i64, u32, usize) {
        let offset = self.slots[slot].offset;
        (
            i64::from(self.position(slot)) - i64::from(offset),
            offset,
            slot,
        )
    }

    /// `None` at the end of the slot's positions.
    fn advance(&mut self, slot: usize) -> Option<()> {
        let queued = self.queue.remove(&self.key(slot));
        self.at[slot] += 1;
        if self.at[slot] == self.slots[slot].positions.len() {
            return None;
        }
        let key = self.key(slot);
        self.end = self.end.max(key.0);
        if queued {
            self.queue.insert(key);
        }
        Some(())
    }

    /// Whether two slots share a term, or are connected by others that do.
    fn connected(&self, a: usize, b: usize) -> bool {
        let mut reached = BTreeSet::from([a]);
        loop {
            let shares = |slot: &usize| {
                let terms = &self.slots[*slot].terms;
                reached
                    .iter()
                    .any(|r| !terms.is_disjoint(&self.slots[*r].terms))
            };
            let more: BTreeSet<usize> = (0..self.slots.len()).filter(shares).collect();
            if more.len() <= reached.len() {
                return reached.contains(&b);
            }
            reached = more;
        }
    }

    /// Another slot that shares terms with this one and stands at the same position.
    fn collision(&self, slot: usize) -> Option<usize> {
        let collides = |other: &usize| {
            *other != slot
                && self.position(*other) == self.position(slot)
                && self.connected(slot, *other)
        };
        (0..self.slots.len()).find(collides)
    }

    fn frequency(&mut self, slop: i64) -> Option<f32> {
        let mut slot = 0;
        while slot < self.slots.len() {
            let mut behind = slot;
            while let Some(other) = self.collision(slot).filter(|_| behind >= slot) {
                behind = if self.key(slot) < self.key(other) {
                    slot
                } else {
                    other
                };
                self.advance(behind)?;
            }
            slot += usize::from(behind >= slot);
        }
        self.end = i64::MIN;
        for slot in 0..self.slots.len() {
            self.queue.insert(self.key(slot));
            self.end = self.end.max(self.key(slot).0);
        }
        let mut total = 0.0;
        while let Some((place, _, last)) = self.queue.pop_first() {
            let next = self.queue.first().map_or(i64::MAX, |first| first.0);
            let mut distance = self.end - place;
            let mut moved = self.step(last);
            while moved.is_some() && self.key(last).0 <= next {
                distance = distance.min(self.end - self.key(last).0);
                moved = self.step(last);
            }
            if distance <= slop {
                total += 1.0 / (1.0 + float(distance));
            }
            if moved.is_none() {
                break;
            }
            self.queue.insert(self.key(last));
        }
        Some(total)
    }

    /// Goes on, and resolves what collides then.
    fn step(&mut self, mut slot: usize) -> Option<()> {
        self.advance(slot)?;
        while let Some(other) = self.collision(slot) {
            slot = if self.key(slot) < self.key(other) {
                slot
            } else {
                other
            };
            self.advance(slot)?;
        }
        Some(())
    }
}

fn float(distance: i64) -> f32 {
    f32::from(u16::try_from(distance).expect("short documents"))
}
