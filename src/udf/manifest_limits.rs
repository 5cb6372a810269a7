//! What a function's own manifest says of its limits: an author who knows what it needs can ask for less than the host allows.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::time::Duration;

use serde::Deserialize;

use super::limits::UdfLimits;

/// The `limits` of a manifest. Each that is there lowers the host's; none can raise it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestLimits {
    /// [`UdfLimits::memory_bytes`].
    pub memory_bytes: Option<NonZeroUsize>,
    /// [`UdfLimits::batch_base`], in milliseconds.
    pub batch_base_ms: Option<NonZeroU64>,
    /// [`UdfLimits::per_document`], in microseconds.
    pub per_document_us: Option<NonZeroU64>,
    /// [`UdfLimits::query`], in milliseconds.
    pub query_ms: Option<NonZeroU64>,
    /// [`UdfLimits::instances`].
    pub instances: Option<NonZeroU32>,
    /// [`UdfLimits::concurrent_queries`].
    pub concurrent_queries: Option<NonZeroU32>,
    /// [`UdfLimits::queries_per_second`].
    pub queries_per_second: Option<NonZeroU32>,
}

impl ManifestLimits {
    /// What holds for the function: the lower of both, for each limit.
    #[must_use]
    pub fn within(&self, host: &UdfLimits) -> UdfLimits {
        let millis = |n: Option<NonZeroU64>| n.map(|n| Duration::from_millis(n.get()));
        let micros = |n: Option<NonZeroU64>| n.map(|n| Duration::from_micros(n.get()));
        let rates = [
            host.queries_per_second,
            self.queries_per_second.map(NonZeroU32::get),
        ];
        UdfLimits {
            memory_bytes: lower(host.memory_bytes, self.memory_bytes.map(NonZeroUsize::get)),
            batch_base: lower(host.batch_base, millis(self.batch_base_ms)),
            per_document: lower(host.per_document, micros(self.per_document_us)),
            query: lower(host.query, millis(self.query_ms)),
            instances: lower(host.instances, self.instances.map(NonZeroU32::get)),
            concurrent_queries: lower(
                host.concurrent_queries,
                self.concurrent_queries.map(NonZeroU32::get),
            ),
            queries_per_second: rates.into_iter().flatten().min(),
            log_bytes: host.log_bytes,
            result_cache_bytes: host.result_cache_bytes,
            breaker: host.breaker.clone(),
        }
    }

    /// What the manifest asks for in vain, for its author.
    pub(crate) fn in_vain(&self, host: &UdfLimits) -> Vec<String> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let millis = |time: Duration| micros(time) / 1_000;
        let count = |n: Option<NonZeroU32>| n.map(|n| u64::from(n.get()));
        let time = |n: Option<NonZeroU64>| n.map(NonZeroU64::get);
        let bytes = self.memory_bytes.map(|n| n.get() as u64);
        let rate = u64::from(host.queries_per_second.unwrap_or(u32::MAX));
        let queries = u64::from(host.concurrent_queries);
        let all = [
            ("memory_bytes", bytes, host.memory_bytes as u64),
            (
                "batch_base_ms",
                time(self.batch_base_ms),
                millis(host.batch_base),
            ),
            (
                "per_document_us",
                time(self.per_document_us),
                micros(host.per_document),
            ),
            ("query_ms", time(self.query_ms), millis(host.query)),
            (
                "instances",
                count(self.instances),
                u64::from(host.instances),
            ),
            (
                "concurrent_queries",
                count(self.concurrent_queries),
                queries,
            ),
            ("queries_per_second", count(self.queries_per_second), rate),
        ];
        let asked = all.into_iter().filter_map(|(name, own, host)| {
            let own = own.filter(|own| *own > host)?;
            Some(format!(
                "limits.{name} is {own}, but the host allows {host}"
            ))
        });
        asked.collect()
    }
}

fn lower<T: Ord>(host: T, own: Option<T>) -> T {
    match own {
        Some(own) => own.min(host),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ManifestLimits, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn the_lower_one_holds() {
        let host = UdfLimits::default();
        let own = read(
            r#"{"memory_bytes": 131072, "batch_base_ms": 5, "per_document_us": 2000, "query_ms": 900,
                "instances": 3, "concurrent_queries": 5000, "queries_per_second": 7}"#,
        );
        let both = own.unwrap().within(&host);
        assert_eq!(both.memory_bytes, 131_072);
        assert_eq!(both.batch_base, Duration::from_millis(5));
        assert_eq!(both.per_document, host.per_document, "the host's is lower");
        assert_eq!(both.query, Duration::from_millis(900));
        assert_eq!(both.instances, 3);
        assert_eq!(both.concurrent_queries, host.concurrent_queries);
        assert_eq!(both.queries_per_second, Some(7));
        let host = UdfLimits {
            queries_per_second: Some(2),
            ..host
        };
        assert_eq!(
            read(r#"{"queries_per_second": 7}"#)
                .unwrap()
                .within(&host)
                .queries_per_second,
            Some(2)
        );
        assert_eq!(
            read("{}").unwrap().within(&host).queries_per_second,
            Some(2)
        );
    }

    #[test]
    fn more_than_the_host_allows_is_told() {
        let host = UdfLimits {
            queries_per_second: Some(2),
            ..UdfLimits::default()
        };
        let own = r#"{"queries_per_second": 7, "query_ms": 60000, "per_document_us": 1001}"#;
        assert_eq!(
            read(own).unwrap().in_vain(&host),
            [
                "limits.per_document_us is 1001, but the host allows 1000",
                "limits.queries_per_second is 7, but the host allows 2"
            ]
        );
        assert!(read("{}").unwrap().in_vain(&host).is_empty());
    }

    #[test]
    fn nonsense_is_refused() {
        for (text, expected) in [
            (r#"{"memory": 1}"#, "unknown field `memory`"),
            (r#"{"query_ms": 0}"#, "expected a nonzero u64"),
            (r#"{"instances": -1}"#, "expected a nonzero u32"),
            (r#"{"instances": 1.5}"#, "expected a nonzero u32"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
