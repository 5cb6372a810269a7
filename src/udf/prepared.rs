//! A function with the parameters of one query: values checked, fields named. What all threads of the query share.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::InstancePre;

use super::bind::BoundUdf;
use super::engine::UdfEngine;
use super::host::HostState;
use super::limits::UdfLimits;
use super::manifest::{Abi, Manifest};
use super::outcome::UdfCounters;
use super::params::Params;
use super::row_fields::RowFields;
use super::values::ParamValue;
use crate::batch::ColumnRequest;

/// A function with the parameters of a query. Made once a query and shared; each thread takes a [`BoundUdf`] of its own.
#[derive(Clone)]
pub struct PreparedUdf(Arc<Prepared>);

pub(crate) struct Prepared {
    pub(crate) engine: Arc<UdfEngine>,
    pub(crate) pre: InstancePre<HostState>,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) limits: UdfLimits,
    pub(crate) params: Params,
    pub(crate) requests: Vec<ColumnRequest>,
    pub(crate) started: Instant,
    pub(crate) counters: Arc<UdfCounters>,
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
        pre: InstancePre<HostState>,
        manifest: Arc<Manifest>,
        limits: UdfLimits,
        params: Params,
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
        let (started, counters) = (Instant::now(), Arc::default());
        Self(Arc::new(Prepared {
            engine,
            pre,
            manifest,
            limits,
            params,
            requests,
            started,
            counters,
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
    pub(crate) fn row_fields(&self) -> RowFields {
        if self.manifest.abi == Abi::Batch {
            return RowFields::new(std::iter::empty(), [].into());
        }
        let names = self.manifest.fields.iter().map(|f| f.name.clone());
        let params = self.manifest.params.iter().zip(&self.params);
        let params = params.filter_map(|(p, value)| Some((p.name.clone(), value.clone()?)));
        RowFields::new(names.zip(self.requests.iter().cloned()), params.collect())
    }
}
