//! Guests in text, run over made-up documents.

mod aliases;
mod batch;
mod dictionary;
mod distance;
mod faults;
mod modules;
mod outputs;
mod property;
mod registry;
mod row;
mod support;
mod usage;
