//! Holds the instance of a binding, or the host's state while there is none: fresh instances after failures.

use std::sync::Arc;

use super::guest::{EntryKind, Fault, Guest};
use super::host::HostState;
use super::outcome::Answers;
use super::prepared::Prepared;
use super::usage::InstancePermit;

/// Owns the state of one binding all the time, inside an instance's store or outside.
pub(crate) struct Holder {
    prepared: Arc<Prepared>,
    kind: EntryKind,
    /// `None` only inside the methods.
    place: Option<Place>,
    /// Of the instance, where the query is a real one.
    permit: Option<InstancePermit>,
}

enum Place {
    Live(Box<Guest>),
    Empty(Box<HostState>),
}

impl Holder {
    pub(crate) fn new(prepared: Arc<Prepared>, kind: EntryKind, state: HostState) -> Self {
        Self {
            prepared,
            kind,
            place: Some(Place::Empty(Box::new(state))),
            permit: None,
        }
    }

    /// The host's state.
    pub(crate) fn state(&mut self) -> &mut HostState {
        let prepared = &self.prepared;
        let place = self
            .place
            .get_or_insert_with(|| Place::Empty(Box::new(prepared.host_state())));
        match place {
            Place::Live(guest) => guest.store.data_mut(),
            Place::Empty(state) => state,
        }
    }

    /// The instance. Makes one if there is none, under the time limit in the state.
    ///
    /// # Errors
    /// The query's end: a function that can't be started can't answer for any document.
    pub(crate) fn guest(&mut self, answers: &mut Answers<'_>) -> Result<&mut Guest, Fault> {
        if !matches!(self.place, Some(Place::Live(_))) {
            self.state();
            self.permit = self.prepared.instance_permit().map_err(Fault::Host)?;
            if let Some(Place::Empty(state)) = self.place.take() {
                answers.instances += 1;
                let prepared = &self.prepared;
                let export = &prepared.manifest.export;
                match Guest::new(&prepared.pre, *state, export, &self.kind) {
                    Ok(guest) => self.place = Some(Place::Live(Box::new(guest))),
                    Err(failed) => {
                        let (state, fault) = *failed;
                        self.place = Some(Place::Empty(Box::new(state)));
                        self.permit = None;
                        return Err(self.not_started(fault));
                    }
                }
            }
        }
        match &mut self.place {
            Some(Place::Live(guest)) => Ok(guest),
            _ => Err(Fault::Host(crate::Error::Internal(
                "an instance got lost".to_string(),
            ))),
        }
    }

    /// Throws the instance away and keeps what is the host's.
    pub(crate) fn discard(&mut self) {
        self.permit = None;
        self.place = match self.place.take() {
            Some(Place::Live(guest)) => Some(Place::Empty(Box::new(guest.store.into_data()))),
            other => other,
        };
    }

    fn not_started(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Documents(_, message) => Fault::Host(crate::Error::UdfFailed {
                name: self.prepared.manifest.label(),
                document: String::new(),
                message: format!("no instance could be started: {message}"),
            }),
            other => other,
        }
    }
}
