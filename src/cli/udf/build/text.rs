//! WebAssembly's text format: no compiler is needed.

use super::super::project::Project;
use super::{Built, read_manifest};
use crate::Error;

/// Assembles the only text in the project.
///
/// # Errors
/// `Io`; `InvalidArgument` with file, line and column.
pub(super) fn build(project: &Project) -> crate::Result<Built> {
    let [source] = &project.files(&["wat"])?[..] else {
        let message = format!(
            "{}: there are several .wat files, a module is made of one",
            project.folder.display()
        );
        return Err(Error::InvalidArgument(message));
    };
    let module = wat::parse_file(source)
        .map_err(|error| Error::InvalidArgument(error.to_string().replace('\n', " ")))?;
    let name = source.file_stem().unwrap_or_default();
    let manifest = project.join("manifest.json");
    let manifest = manifest.is_file().then(|| read_manifest(&manifest));
    Ok(Built {
        name: name.to_string_lossy().into_owned(),
        module,
        manifest: manifest.transpose()?,
    })
}
