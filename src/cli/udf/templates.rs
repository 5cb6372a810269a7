//! The files of `diagon udf new`: they are in the program, so that a project needs nothing that isn't published.

use super::project::Language;

/// A file of the tree, by its path from the template's or the SDK's folder.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

/// A project in one language.
pub(super) struct Template {
    /// As people write it.
    pub(super) language: &'static str,
    pub(super) project: &'static [File],
    /// The SDK's own files, which go into a folder of the project.
    pub(super) sdk: &'static [File],
}

macro_rules! files {
    ($folder:literal: $($path:literal)*) => {
        &[$(File {
            path: $path,
            text: include_str!(concat!("../../../sdk/", $folder, "/", $path)),
        }),*]
    };
}

pub(super) fn of(language: Language) -> Template {
    match language {
        Language::Rust => Template {
            language: "Rust",
            project: &[],
            sdk: &[],
        },
        Language::Go => Template {
            language: "Go",
            project: &[],
            sdk: &[],
        },
        Language::AssemblyScript => Template {
            language: "AssemblyScript",
            project: &[],
            sdk: &[],
        },
        Language::C | Language::Text => Template {
            language: "C",
            project: &[],
            sdk: files!("rust": "README.md"),
        },
    }
}
