//! Feature maps on disk, so that no recording is decoded twice for the same settings.
//!
//! A file holds the maps of one front end, one record after another: the key, how many values there are, a checksum,
//! the values. What a crash leaves at its end is cut off when it is opened next, and a damaged record counts as missing.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use sha2::{Digest, Sha256};

/// What a map was made from.
pub type Key = [u8; 32];

/// Digest of several pieces of data.
pub fn digest(pieces: &[&[u8]]) -> Key {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update((piece.len() as u64).to_le_bytes());
        hasher.update(piece);
    }
    hasher.finalize().into()
}

/// Feature maps made with the same settings.
pub struct Cache {
    file: Mutex<File>,
    places: HashMap<Key, Place>,
}

/// Where a record's checksum begins, and how many bytes of values follow it.
#[derive(Clone, Copy)]
struct Place {
    start: u64,
    bytes: usize,
}

const KEY: usize = 32;
const COUNT: usize = 4;
const CHECKSUM: usize = 32;

impl Cache {
    /// Opens the maps that were made with what `settings` describes, and locks them against other processes until it is
    /// dropped.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn open(folder: &Path, settings: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let name: String =
            digest(&[settings.as_bytes()])[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("{name}.maps"));
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.lock()?;
        let end = file.metadata()?.len();
        let (mut places, mut place) = (HashMap::new(), 0);
        while place + (KEY + COUNT) as u64 <= end {
            let (mut key, mut count) = ([0; KEY], [0; COUNT]);
            file.seek(SeekFrom::Start(place))?;
            file.read_exact(&mut key)?;
            file.read_exact(&mut count)?;
            let bytes = 4 * u32::from_le_bytes(count) as usize;
            let start = place + (KEY + COUNT) as u64;
            let next = start + (CHECKSUM + bytes) as u64;
            if next > end {
                break;
            }
            places.insert(key, Place { start, bytes });
            place = next;
        }
        file.set_len(place)?;
        Ok(Self { file: Mutex::new(file), places })
    }

    /// The map with the key, unless there is none or it is damaged.
    pub fn get(&self, key: &Key) -> Option<Vec<f32>> {
        let Place { start, bytes } = *self.places.get(key)?;
        let mut record = vec![0; CHECKSUM + bytes];
        {
            let mut file = self.file.lock().expect("no thread panics with the file");
            file.seek(SeekFrom::Start(start)).ok()?;
            file.read_exact(&mut record).ok()?;
        }
        let (checksum, values) = record.split_at(CHECKSUM);
        if checksum != digest(&[values]) {
            return None;
        }
        Some(values.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// Keeps a map for the next time.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn put(&self, key: &Key, map: &[f32]) -> io::Result<()> {
        let values: Vec<u8> = map.iter().flat_map(|value| value.to_le_bytes()).collect();
        let count = u32::try_from(map.len()).expect("a map has fewer than four billion values");
        let record = [&key[..], &count.to_le_bytes(), &digest(&[&values]), &values].concat();
        self.file.lock().expect("no thread panics with the file").write_all(&record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_come_back_and_damaged_or_cut_ones_count_as_missing() {
        let folder = std::env::temp_dir().join(format!("sottovoce-cache-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let open = || Cache::open(&folder, "settings").expect("opened");
        let keys: Vec<Key> = (0..3_u8).map(|i| digest(&[&[i]])).collect();
        let map = |i: usize| vec![0.5; i + 2];
        let cache = open();
        for (i, key) in keys.iter().enumerate() {
            cache.put(key, &map(i)).expect("written");
        }
        drop(cache);
        let cache = open();
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(cache.get(key), Some(map(i)));
        }
        assert_eq!(cache.get(&digest(&[b"other"])), None);
        drop(cache);

        // The first record is damaged, the last cut short, as by a kill in the middle of a write.
        let path = fs::read_dir(&folder).expect("there").next().expect("one file").expect("readable").path();
        let mut bytes = fs::read(&path).expect("there");
        bytes[KEY + COUNT + CHECKSUM] ^= 1;
        bytes.truncate(bytes.len() - 5);
        fs::write(&path, bytes).expect("written");
        let cache = open();
        assert_eq!(keys.iter().map(|key| cache.get(key)).collect::<Vec<_>>(), [None, Some(map(1)), None]);
        cache.put(&keys[2], &map(2)).expect("written");
        drop(cache);
        assert_eq!(open().get(&keys[2]), Some(map(2)));
        assert_eq!(Cache::open(&folder, "other settings").expect("opened").get(&keys[1]), None);
        fs::remove_dir_all(&folder).expect("removed");
    }
}
