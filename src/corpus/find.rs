//! Which files below a folder are recordings, and which of them only repeat others or have not been fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::copy_name::original;
use super::identical::{FileOfSize, identical};
use super::registry::{EXTENSIONS, parse};
use super::{Corpus, CorpusError, Defect, SpeakerId, Utterance};
use crate::audio::{Limits, Stream, WindowSettings, Windows};
use crate::parallel;

/// What was found below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Every recording once, those with known defects among them, ordered by speaker and name wherever the files lie.
    pub utterances: Vec<Utterance>,
    /// Further files of the same recordings, which are left out, ordered by path.
    pub copies: Vec<Duplicate>,
    /// Folders in which recordings are only named, ordered by path.
    pub pointers: Vec<Pointers>,
}

/// A file that repeats a recording.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Duplicate {
    /// The file.
    pub path: PathBuf,
    /// The file that is used in its place.
    pub of: PathBuf,
}

/// First line of a git-lfs pointer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pointers {
    /// Where they lie.
    pub folder: PathBuf,
    /// How many recordings are named by them.
    pub files: usize,
    /// Those of these recordings that are found nowhere else.
    pub missing: usize,
}

impl fmt::Display for Pointers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, files, missing } = self;
        let folder = folder.display();
        match files {
            1 => write!(f, "1 file in {folder} is a git-lfs pointer")?,
            _ => write!(f, "{files} files in {folder} are git-lfs pointers")?,
        }
        match missing {
            0 => write!(f, "; the same recordings are read from other files"),
            _ if missing == files => write!(f, ": run `git lfs pull` there"),
            _ => write!(f, ", {missing} of them of recordings found nowhere else: run `git lfs pull` there"),
        }
    }
}

/// A file whose name is that of a recording.
struct Candidate {
    utterance: Utterance,
    bytes: u64,
    /// Whether its name is one that programs give to copies.
    is_renamed: bool,
}

/// Finds the recordings of `corpora` below `folder`.
///
/// Of files that stand for one recording (in several formats, in nested folders, or renamed by a program that copied
/// them), the first that can be read is taken, one without loss before others. Of files of the very same bytes under
/// different names one is taken, too, unless they name different emotions: it is not known which is right, so each of
/// them counts as a [defect](Defect::LabelledTwice).
///
/// # Errors
/// [`CorpusError`] when a folder cannot be listed or holds none.
pub fn find(folder: &Path, corpora: &[Corpus]) -> Result<Found, CorpusError> {
    let (pointers, files): (Vec<_>, Vec<_>) =
        candidates(folder, corpora)?.into_iter().partition(Candidate::is_pointer);
    if files.is_empty() {
        let path = folder.display().to_string();
        return Err(match pointers.len() {
            0 => CorpusError::Nothing { path, corpora: named(corpora) },
            files => CorpusError::Pointers { path, files },
        });
    }
    let (mut kept, mut copies) = one_of_each(files);
    copies.extend(without_identical(&mut kept));
    copies.sort();
    let utterances: Vec<Utterance> = kept.into_iter().map(|candidate| candidate.utterance).collect();
    Ok(Found { pointers: by_folder(&pointers, &utterances), utterances, copies })
}

/// Names of corpora, as in a sentence.
fn named(corpora: &[Corpus]) -> String {
    let names: Vec<&str> = corpora.iter().map(|corpus| corpus.name()).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

fn candidates(folder: &Path, corpora: &[Corpus]) -> Result<Vec<Candidate>, CorpusError> {
    let mut candidates = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        let failed = |source| CorpusError::Folder { path: current.display().to_string(), source };
        for entry in current.read_dir().map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            // A dangling link is reported later, as a file that cannot be read.
            let (is_folder, bytes) =
                fs::metadata(&path).map_or((false, 0), |data| (data.is_dir(), data.len()));
            if is_folder {
                folders.push(path);
            } else if let Some(utterance) = parse(&path).filter(|u| corpora.contains(&u.speaker.corpus)) {
                let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                let is_renamed = original(stem) != stem;
                candidates.push(Candidate { utterance, bytes, is_renamed });
            }
        }
    }
    Ok(candidates)
}

impl Candidate {
    /// By <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>: less than 1024 bytes, which begin with the version.
    fn is_pointer(&self) -> bool {
        const BEGINNING: &[u8] = b"version https://git-lfs.github.com/spec/";
        let mut bytes = [0; BEGINNING.len()];
        self.bytes < 1024
            && File::open(&self.utterance.path).and_then(|mut file| file.read_exact(&mut bytes)).is_ok()
            && bytes == BEGINNING
    }

    /// Whether the file begins with sound.
    fn is_readable(&self) -> bool {
        let settings = WindowSettings { length_s: 0.1, step_s: 0.1 };
        File::open(&self.utterance.path)
            .ok()
            .and_then(|file| Stream::open(Box::new(file), &Limits::default()).ok())
            .is_some_and(|stream| matches!(Windows::new(stream, &settings).next(), Some(Ok(_))))
    }

    /// Speaker and name: what files of one recording have in common.
    fn recording(&self) -> (&SpeakerId, &str) {
        (&self.utterance.speaker, &self.utterance.id)
    }

    /// Orders the files of one recording: those under its own name first, then by format, then by path.
    fn rank(&self) -> (bool, usize, &Path) {
        let path = &self.utterance.path;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let format = EXTENSIONS.iter().position(|known| extension.eq_ignore_ascii_case(known));
        (self.is_renamed, format.unwrap_or(EXTENSIONS.len()), path)
    }
}

/// Takes one file of each recording, ordered by speaker and name. Also returns the others.
fn one_of_each(mut files: Vec<Candidate>) -> (Vec<Candidate>, Vec<Duplicate>) {
    files.sort_by(|a, b| a.recording().cmp(&b.recording()).then_with(|| a.rank().cmp(&b.rank())));
    let groups: Vec<&[Candidate]> = files.chunk_by(|a, b| a.recording() == b.recording()).collect();
    // Files are opened only where there is a choice.
    let chosen: Vec<usize> = parallel::map(&groups, vec![(); parallel::cores()], |(), group| match group {
        [_] => 0,
        group => group.iter().position(Candidate::is_readable).unwrap_or(0),
    });
    let sizes: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let (mut kept, mut copies) = (Vec::with_capacity(sizes.len()), Vec::new());
    let mut files = files.into_iter();
    for (size, chosen) in sizes.into_iter().zip(chosen) {
        let mut group: Vec<Candidate> = files.by_ref().take(size).collect();
        let taken = group.remove(chosen);
        copies.extend(group.into_iter().map(|copy| Duplicate::new(copy, &taken)));
        kept.push(taken);
    }
    (kept, copies)
}

impl Duplicate {
    fn new(copy: Candidate, of: &Candidate) -> Self {
        Self { path: copy.utterance.path, of: of.utterance.path.clone() }
    }
}

/// Takes out of files, one a recording, those that hold the very same bytes as one before them and name the same emotion,
/// and returns them. Those that name another emotion are marked. Recordings with known defects stay as they are.
fn without_identical(kept: &mut Vec<Candidate>) -> Vec<Duplicate> {
    let sound: Vec<usize> = (0..kept.len()).filter(|&index| kept[index].utterance.defect.is_none()).collect();
    let files: Vec<FileOfSize> = sound
        .iter()
        .map(|&index| FileOfSize { bytes: kept[index].bytes, path: &kept[index].utterance.path })
        .collect();
    let mut repeats: BTreeMap<usize, PathBuf> = BTreeMap::new();
    for group in identical(&files) {
        let group: Vec<usize> = group.into_iter().map(|place| sound[place]).collect();
        let first = kept[group[0]].utterance.clone();
        if group.iter().all(|&index| kept[index].utterance.emotion == first.emotion) {
            repeats.extend(group[1..].iter().map(|&index| (index, first.path.clone())));
        } else {
            group.iter().for_each(|&index| kept[index].utterance.defect = Some(Defect::LabelledTwice));
        }
    }
    let (mut copies, mut index) = (Vec::new(), 0);
    kept.retain(|candidate| {
        let of = repeats.remove(&index);
        index += 1;
        let is_first = of.is_none();
        copies.extend(of.map(|of| Duplicate { path: candidate.utterance.path.clone(), of }));
        is_first
    });
    copies
}

/// Counts pointers, a line a folder.
fn by_folder(pointers: &[Candidate], found: &[Utterance]) -> Vec<Pointers> {
    let found: BTreeSet<String> = found.iter().map(Utterance::key).collect();
    let mut counts: BTreeMap<&Path, [usize; 2]> = BTreeMap::new();
    for Candidate { utterance, .. } in pointers {
        let [files, missing] = counts.entry(utterance.path.parent().unwrap_or(Path::new(""))).or_default();
        *files += 1;
        *missing += usize::from(!found.contains(&utterance.key()));
    }
    let pointers = |(folder, [files, missing]): (&Path, [usize; 2])| Pointers {
        folder: folder.to_owned(),
        files,
        missing,
    };
    counts.into_iter().map(pointers).collect()
}
