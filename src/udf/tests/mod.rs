//! Guests in text, run over made-up documents.

mod aliases;
mod batch;
mod compiled;
mod dictionary;
mod distance;
mod faults;
mod modules;
mod outputs;
mod preinit;
mod property;
mod registry;
mod row;
mod support;
mod usage;
