//! Printing of `sort` and what belongs to it.

use super::ast::SearchRequest;
use super::print::{Object, array, field, object, scalar};
use super::print_script;
use super::sort::{Missing, SortBy, SortKey};

/// Writes the members of a request that say in which order hits come.
pub(super) fn order(o: &mut Object<'_>, request: &SearchRequest) {
    if !request.sort.is_empty() {
        o.member("sort", |out| array(out, &request.sort, key));
    }
    if let Some(after) = &request.search_after {
        o.member("search_after", |out| {
            array(out, after, |out, value| match value {
                Some(value) => scalar(out, value),
                None => out.push_str("null"),
            });
        });
    }
    if request.track_scores {
        o.plain("track_scores", true);
    }
}

fn key(out: &mut String, key: &SortKey) {
    let name = match &key.by {
        SortBy::Score => "_score",
        SortBy::Doc => "_doc",
        SortBy::Field(sort) => &sort.field.name,
        SortBy::GeoDistance(_) => "_geo_distance",
        SortBy::Script(_) => "_script",
    };
    object(out, |o| {
        field(o, name, |o| {
            if let SortBy::GeoDistance(sort) = &key.by {
                field(o, &sort.field.name, |o| {
                    o.plain("lat", sort.origin.lat);
                    o.plain("lon", sort.origin.lon);
                });
                o.string("unit", &sort.unit);
                if let Some(mode) = sort.mode {
                    o.string("mode", mode.name());
                }
            }
            if let SortBy::Script(sort) = &key.by {
                print_script::sort(o, sort);
            }
            o.string("order", key.order.name());
            if let SortBy::Field(sort) = &key.by {
                match &sort.missing {
                    Missing::Last => {}
                    Missing::First => o.string("missing", "_first"),
                    Missing::Value(value) => o.member("missing", |out| scalar(out, value)),
                }
                if let Some(mode) = sort.mode {
                    o.string("mode", mode.name());
                }
                if let Some(kind) = &sort.unmapped_type {
                    o.string("unmapped_type", kind);
                }
            }
        });
    });
}
