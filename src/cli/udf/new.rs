//! `diagon udf new`: a project that builds and passes its tests as it is.

use std::path::{Path, PathBuf};

use super::super::print;
use super::project::Language;
use super::templates::{self, File};
use crate::Error;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct New {
    /// What to write the function in
    #[arg(long, value_enum)]
    lang: Language,
    /// The function's name, and the name of the folder: `[a-z][a-z0-9_-]*`
    #[arg(value_name = "NAME")]
    name: String,
}

/// The folder of a project in which the SDK is.
const SDK: &str = "diagon-udf";

impl New {
    pub(super) fn run(self) -> crate::Result<()> {
        let Self { lang, name } = self;
        check_name(&name)?;
        let folder = PathBuf::from(&name);
        // It is made here: what is there already is somebody's.
        std::fs::create_dir(&folder).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Error::InvalidArgument(format!("{name}: there is such a folder already"))
            }
            _ => Error::io(&folder, error),
        })?;
        let template = templates::of(lang);
        for File { path, text } in template.project {
            let path = path.trim_end_matches(".tmpl");
            write(&folder, &filled(path, &name), &filled(text, &name))?;
        }
        for File { path, text } in template.sdk {
            write(&folder.join(SDK), path, text)?;
        }
        print::out(format_args!(
            "{name}: a filter in {}. Next: cd {name}, then",
            template.language
        ))?;
        for (command, what) in [
            ("diagon udf build", "makes the module"),
            ("diagon udf test", "runs tests.jsonl through the engine"),
            ("diagon udf bench", "says what it costs a document"),
            ("diagon udf add --dir INDEX", "registers it"),
        ] {
            print::out(format_args!("  {command:<28} {what}"))?;
        }
        Ok(())
    }
}

/// # Errors
/// `InvalidArgument` for a name that isn't one in every language.
fn check_name(name: &str) -> crate::Result<()> {
    let mut chars = name.chars();
    let fine = chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        && name.len() <= 64;
    if !fine {
        return Err(Error::InvalidArgument(format!(
            "{name:?}: a name is a small letter, then up to 63 small letters, digits, `_` and `-`"
        )));
    }
    if RESERVED.contains(&name) {
        return Err(Error::InvalidArgument(format!(
            "{name:?} is a word of a language, or of the interface between functions and the engine; take another name"
        )));
    }
    Ok(())
}

/// Names that a function can't have in one of the languages, or that modules use otherwise.
#[rustfmt::skip]
const RESERVED: [&str; 78] = [
    "abstract", "and", "as", "asm", "async", "auto", "await", "bool", "break", "case", "catch", "chan", "char", "class", "const", "continue",
    "crate", "default", "defer", "delete", "do", "double", "dyn", "else", "enum", "export", "extern", "fallthrough", "false", "float", "fn",
    "for", "func", "function", "go", "goto", "if", "impl", "import", "in", "inline", "int", "interface", "let", "long", "loop", "main", "map",
    "match", "memory", "mod", "move", "mut", "new", "not", "null", "or", "package", "priv", "pub", "range", "ref", "return", "select", "self",
    "static", "struct", "super", "switch", "test", "this", "trait", "true", "try", "type", "union", "use", "var",
];

fn filled(text: &str, name: &str) -> String {
    let ident = name.replace('-', "_");
    text.replace("{{name}}", name)
        .replace("{{ident}}", &ident)
        .replace("{{sdk}}", SDK)
}

fn write(folder: &Path, path: &str, text: &str) -> crate::Result<()> {
    let path = folder.join(path);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|error| Error::io(parent, error))?;
    std::fs::write(&path, text).map_err(|error| Error::io(&path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_everywhere() {
        for name in ["a", "near-by", "f_2"] {
            check_name(name).unwrap();
        }
        for name in [
            "",
            "A",
            "2f",
            "a b",
            "a/b",
            "..",
            "é",
            "match",
            "memory",
            &"a".repeat(65),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
