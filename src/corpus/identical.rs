//! Files that hold the very same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes in the middle of a file that are compared before all of it is read. Recordings begin alike: with a header, then
/// with silence.
const PROBE: u64 = 4096;

/// A file and its size.
pub struct FileOfSize<'a> {
    pub bytes: u64,
    pub path: &'a Path,
}

/// The places in `files` of those that hold the same bytes, at least two a group, in their order. Empty files, and those
/// that cannot be read, are like no other.
///
/// Files are opened only where sizes agree, and read whole only where their middles agree as well.
pub fn identical(files: &[FileOfSize]) -> Vec<Vec<usize>> {
    let all = vec![(0..files.len()).filter(|&place| files[place].bytes > 0).collect()];
    let by_size = divided(all, |place| Some(files[place].bytes));
    let by_middle = divided(by_size, |place| digest(&files[place], PROBE).ok());
    let mut groups = divided(by_middle, |place| digest(&files[place], u64::MAX).ok());
    groups.sort();
    groups
}

/// Divides each group by a key, drops items without one, and drops groups of one.
fn divided<K: Ord>(groups: Vec<Vec<usize>>, key: impl Fn(usize) -> Option<K>) -> Vec<Vec<usize>> {
    let divide = |group: Vec<usize>| {
        let mut parts: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for place in group {
            if let Some(key) = key(place) {
                parts.entry(key).or_default().push(place);
            }
        }
        parts.into_values().filter(|part| part.len() > 1)
    };
    groups.into_iter().flat_map(divide).collect()
}

/// Digest of so many bytes in the middle of a file, or of all if it has no more.
fn digest(file: &FileOfSize, length: u64) -> io::Result<[u8; 32]> {
    let mut opened = File::open(file.path)?;
    opened.seek(SeekFrom::Start(file.bytes.saturating_sub(length) / 2))?;
    let mut hasher = Sha256::new();
    io::copy(&mut opened.take(length), &mut hasher)?;
    Ok(hasher.finalize().into())
}
