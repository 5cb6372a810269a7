//! A function with the parameters of one query: values checked, fields named. What all threads of the query share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::InstancePre;

use super::bind::BoundUdf;
use super::engine::UdfEngine;
use super::guest::Fault;
use super::host::{HostState, Moment};
use super::limits::UdfLimits;
use super::manifest::{Abi, Manifest};
use super::outcome::{Answers, UdfCounters};
use super::params::Params;
use super::row_fields::RowFields;
use super::usage::{InstancePermit, Visit};
use super::values::ParamValue;
use crate::batch::{ColumnRequest, Interrupt};

/// A function with the parameters of a query. Made once a query and shared; each thread takes a [`BoundUdf`] of its own.
#[derive(Clone)]
pub struct PreparedUdf(Arc<Prepared>);

pub(crate) struct Prepared {
    pub(crate) engine: Arc<UdfEngine>,
    pub(crate) pre: InstancePre<HostState>,
    /// Where instances begin.
    moment: Moment,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) limits: UdfLimits,
    pub(crate) params: Params,
    pub(crate) requests: Vec<ColumnRequest>,
    pub(crate) started: Instant,
    pub(crate) counters: Arc<UdfCounters>,
    /// `None` for a trial before the function is registered.
    visit: Option<Visit>,
}

impl std::fmt::Debug for PreparedUdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PreparedUdf")
            .field(&self.0.manifest.label())
            .finish()
    }
}

impl PreparedUdf {
    /// `params` are in the manifest's order and checked against it.
    pub(crate) fn new(
        engine: Arc<UdfEngine>,
        (pre, moment): (InstancePre<HostState>, Moment),
        manifest: Arc<Manifest>,
        limits: UdfLimits,
        params: Params,
        visit: Option<Visit>,
    ) -> Self {
        let requests = manifest.fields.iter().map(|field| {
            let mut request = field.request.clone();
            if let Some(Some(ParamValue::Str(named))) = field.from_param.map(|p| &params[p]) {
                request.field.clone_from(named);
            }
            if let Some(part) = &field.part {
                request.field = format!("{}.{part}", request.field);
            }
            request
        });
        let requests = requests.collect();
        let counters = visit.as_ref().map(|visit| Arc::clone(visit.counters()));
        let (started, counters) = (Instant::now(), counters.unwrap_or_default());
        Self(Arc::new(Prepared {
            engine,
            pre,
            moment,
            manifest,
            limits,
            params,
            requests,
            started,
            counters,
            visit,
        }))
    }

    /// The columns that the function declares, with fields named by parameters filled in.
    #[must_use]
    pub fn requests(&self) -> &[ColumnRequest] {
        &self.0.requests
    }

    /// The function's manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Its parameters, in the manifest's order.
    pub(crate) fn params(&self) -> &Params {
        &self.0.params
    }

    /// What the function did in this query so far, in all bindings.
    #[must_use]
    pub fn counters(&self) -> Arc<UdfCounters> {
        Arc::clone(&self.0.counters)
    }

    /// Makes a binding for one thread. Its instance is made when it is first asked.
    #[must_use]
    pub fn bind(&self) -> BoundUdf {
        BoundUdf::new(Arc::clone(&self.0))
    }
}

impl Prepared {
    /// The time that the guest has for a batch: its limit, and no more than what is left for the query.
    pub(crate) fn time_for(&self, documents: usize) -> Duration {
        let left = self.limits.query.saturating_sub(self.time_used());
        self.limits.batch(documents).min(left)
    }

    fn time_used(&self) -> Duration {
        Duration::from_nanos(self.counters.read().nanoseconds)
    }

    /// Which time limit the guest has exceeded.
    pub(crate) fn time_limit_message(&self) -> String {
        let limits = &self.limits;
        if self.time_used() >= limits.query {
            let most = limits.query.as_millis();
            return format!("the function exceeded its time limit of {most} ms a query");
        }
        format!(
            "the function exceeded its time limit of {} ms a batch and {} µs a document",
            limits.batch_base.as_millis(),
            limits.per_document.as_micros()
        )
    }

    /// Counts a batch.
    pub(crate) fn after_batch(
        &self,
        answers: &Answers<'_>,
        time: Duration,
        memory: usize,
        fault: Option<&Fault>,
        interrupt: &Interrupt,
    ) {
        self.counters.add(answers, time);
        if let Some(visit) = &self.visit {
            let allowed = interrupt
                .deadline
                .map(|deadline| deadline.saturating_duration_since(self.started));
            visit.batch(answers, time, memory, fault, allowed);
        }
    }

    /// Room for one more instance of the function.
    ///
    /// # Errors
    /// `UdfBusy` if there is none.
    pub(crate) fn instance_permit(&self) -> crate::Result<Option<InstancePermit>> {
        let visit = self.visit.as_ref();
        visit.map(|visit| visit.usage().instance()).transpose()
    }

    /// What the host keeps beside an instance.
    pub(crate) fn host_state(&self) -> HostState {
        let mut state = HostState::new(&self.limits, self.row_fields());
        state.world.begin_at(self.moment);
        state
    }

    fn row_fields(&self) -> RowFields {
        if self.manifest.abi == Abi::Batch {
            return RowFields::new(std::iter::empty(), [].into());
        }
        let names = self.manifest.fields.iter().map(|f| f.name.clone());
        let params = self.manifest.params.iter().zip(&self.params);
        let params = params.filter_map(|(p, value)| Some((p.name.clone(), value.clone()?)));
        RowFields::new(names.zip(self.requests.iter().cloned()), params.collect())
    }
}
