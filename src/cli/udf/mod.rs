//! `diagon udf`: functions, from an empty folder to a registry.

mod bench;
mod build;
mod cases;
mod check;
mod fixture;
mod new;
mod pack;
mod project;
mod registry;
mod stats;
mod templates;
mod test;
mod toolchain;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Udf {
    /// Makes the project of a new function, in a folder of its own
    New(new::New),
    /// Builds the module of a project
    Build(build::Build),
    /// Says whether a module would be registered, and if not, why and what helps
    Check(check::Check),
    /// Runs the cases of a project: documents and what is expected of them
    Test(test::Test),
    /// Measures what a function costs a document
    Bench(bench::Bench),
    /// Puts a manifest into a module
    Pack(pack::Pack),
    /// Registers the functions of a module
    Add(registry::Add),
    /// Lists the functions, lowest version first
    List(registry::List),
    /// Prints a function's manifest
    Show(registry::Show),
    /// Lets an alias stand for a version, or for another one than before
    Alias(registry::SetAlias),
    /// Removes an alias; the version stays
    Unalias(registry::Unalias),
    /// Removes one version of a function
    Remove(registry::Remove),
    /// Runs queries and says what the functions did in them
    Stats(stats::Stats),
}

impl Udf {
    pub(super) fn run(self) -> crate::Result<()> {
        match self {
            Self::New(command) => command.run(),
            Self::Build(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Test(command) => command.run(),
            Self::Bench(command) => command.run(),
            Self::Pack(command) => command.run(),
            Self::Add(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Alias(command) => command.run(),
            Self::Unalias(command) => command.run(),
            Self::Remove(command) => command.run(),
            Self::Stats(command) => command.run(),
        }
    }
}
