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
    if RESERVED.contains(&name) || name == SDK || name.ends_with("_test") {
        return Err(Error::InvalidArgument(format!(
            "{name:?} is a word of a language, or has a meaning of its own in a project; take another name"
        )));
    }
    Ok(())
}

/// Names that a function can't have in one of the languages, or that modules use otherwise.
#[rustfmt::skip]
const RESERVED: [&str; 178] = [
    "abstract", "alignas", "alignof", "and", "answer", "answers", "any", "as", "asm", "async", "auto", "await", "batch", "bitand", "bitor",
    "block", "bool", "boolean", "break", "byte", "case", "catch", "chan", "changetype", "char", "class", "columns", "compl", "const",
    "continue", "crate", "debugger", "declare", "default", "defer", "delete", "do", "doc", "double", "dyn", "else", "enum", "explicit",
    "export", "extends", "extern", "f32", "f64", "failed", "fallthrough", "false", "final", "finally", "first", "float", "fn", "for",
    "found", "friend", "from", "func", "function", "gen", "get", "global", "go", "goto", "i16", "i32", "i64", "i8", "if", "impl",
    "implements", "import", "in", "index", "inline", "instanceof", "int", "interface", "is", "isize", "keyof", "len", "let", "long", "loop",
    "macro", "main", "map", "mask", "match", "memory", "misses", "mod", "module", "move", "mut", "mutable", "namespace", "native", "never",
    "new", "not", "null", "number", "object", "of", "once", "operator", "or", "override", "own", "package", "params", "priv", "private",
    "protected", "pub", "public", "range", "readonly", "ref", "register", "restrict", "return", "select", "self", "set", "short", "signed",
    "sizeof", "slots", "start", "static", "str", "string", "struct", "super", "switch", "symbol", "table", "template", "test", "this",
    "throw", "trait", "true", "try", "type", "typedef", "typeid", "typename", "typeof", "u16", "u32", "u64", "u8", "union", "unsafe",
    "unsigned", "unsized", "until", "use", "using", "usize", "v128", "var", "virtual", "void", "volatile", "where", "while", "with", "word",
    "xor", "yield",
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
            "diagon-udf",
            "price_test",
            &"a".repeat(65),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
