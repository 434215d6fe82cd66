//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that appears under its name once it is finished: until then it is written under a neighbour's, so that a crash
/// or a full disk leaves what was there.
#[derive(Debug)]
pub struct WholeFile {
    file: File,
    partial: PathBuf,
    path: PathBuf,
}

impl WholeFile {
    /// Begins a file that will appear at `path`.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let partial = path.with_file_name(name);
        Ok(Self { file: File::create(&partial)?, partial, path: path.to_owned() })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// What the system says of the last writes or the rename.
    pub fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.partial, &self.path)
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for WholeFile {
    /// Removes what was not finished.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.partial);
    }
}

/// Writes `bytes` to a neighbour of `path`, then renames it to `path`: a crash or a full disk leaves the old file.
///
/// # Errors
/// What the system says of the write or the rename.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Makes the folder `done` appear with everything that `fill` writes, or not at all: it is filled under another name
/// next to it, then renamed.
///
/// # Errors
/// What `fill` or the system says.
pub fn fill_folder(done: &Path, fill: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    let partial = done.with_file_name("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(|error| error.to_string())?;
    }
    fs::create_dir(&partial).map_err(|error| error.to_string())?;
    fill(&partial)?;
    fs::rename(&partial, done).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = std::env::temp_dir().join(format!("sottovoce-files-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("temporary folder");
        let path = folder.join("kept");
        write_atomically(&path, b"old").expect("written");
        // A folder in the place of the partial file makes the write fail.
        fs::create_dir(folder.join("kept.partial")).expect("created");
        assert!(write_atomically(&path, b"new").is_err());
        assert_eq!(fs::read(&path).expect("still there"), b"old");
        fs::remove_dir_all(&folder).expect("cleaned up");
    }
}
