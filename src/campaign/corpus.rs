//! A corpus on disk: what its bytes mean, what its inputs reach, and the fewest of them that reach as much.
//!
//! Bytes mean what the decoder of their day made of them. A folder that holds bytes therefore says which decoder that
//! was, in `.foliofuzz/decode` (libFuzzer does not look into hidden folders); text means the same for ever.

use super::config::ModelChoice;
use super::search::{Searcher, input_hash};
use super::store::write_atomic;
use super::target::searcher_alone;
use crate::exec::{COUNTERS, Outcome};
use crate::prog::{DECODE_VERSION, File, Program, decode, is_text};
use crate::sched::Rng;
use crate::vocab::{Kernel, Model};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The largest input, in bytes: repro files are a few hundred, fuzzer inputs a few thousand at most.
pub const LARGEST: u64 = 1 << 20;
/// Where a folder says what decodes its bytes.
const STAMP: &str = ".foliofuzz/decode";
/// Inputs of each kernel that the fingerprint of the decoder is made of.
const SAMPLES: u64 = 32;

/// An input on disk.
#[derive(Clone, Debug)]
pub struct Entry {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

impl Entry {
    /// Whether it is, or wants to be, a repro text.
    pub fn is_text(&self) -> bool {
        is_text(&self.bytes)
    }

    /// The program it stands for under `model`, which texts get, too; `None` for a text that does not parse.
    pub fn program(&self, model: Model) -> Option<Program> {
        if !self.is_text() {
            return Some(decode(&self.bytes, model));
        }
        let mut program = File::parse(&self.bytes).ok()?.program;
        if program.model != model {
            program.model = model;
            program.fix_up();
        }
        Some(program)
    }
}

/// The files of a corpus as libFuzzer finds them, in the order of their names: those in folders below, too, but not
/// those in hidden ones. An error is one line.
pub fn files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |e: io::Error| format!("{}: {e}: expected a corpus folder", dir.display());
    let mut entries = fs::read_dir(dir).map_err(told)?.collect::<Result<Vec<_>, _>>().map_err(told)?;
    entries.sort_by_key(|e| e.file_name());
    let mut found = Vec::new();
    for entry in entries.iter().filter(|e| !e.file_name().to_string_lossy().starts_with('.')) {
        let path = entry.path();
        let kind = fs::metadata(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        if kind.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// Reads one input. An error is one line.
pub fn read(path: &Path) -> Result<Entry, String> {
    let told = |e: io::Error| format!("{}: {e}", path.display());
    let size = fs::metadata(path).map_err(told)?.len();
    if size > LARGEST {
        return Err(format!("{}: {size} bytes: expected an input of at most {LARGEST}", path.display()));
    }
    Ok(Entry { path: path.to_path_buf(), bytes: fs::read(path).map_err(told)? })
}

/// What the stamp of this decoder says: its version, and a fingerprint of what it makes of some inputs, since a new
/// operation changes that as well.
pub fn decoder() -> &'static str {
    static STAMP: OnceLock<String> = OnceLock::new();
    STAMP.get_or_init(|| format!("{DECODE_VERSION} {:08x}", fingerprint()))
}

fn fingerprint() -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for kernel in Kernel::ALL {
        // Its text does not say which bugs a kernel has: that changes more often than what bytes mean.
        let choice = ModelChoice { kernel: Some(kernel.name().to_string()), ..ModelChoice::default() };
        let Ok(model) = choice.model() else { continue };
        for seed in 0..SAMPLES {
            let mut rng = Rng::new(seed);
            let bytes: Vec<u8> = (0..96).map(|_| rng.bits() as u8).collect();
            let text = File::new(decode(&bytes, model)).print();
            hash = text.bytes().fold(hash, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        }
    }
    (hash ^ hash >> 32) as u32
}

/// Whether the bytes in a corpus folder, if it has any, mean what they meant to who wrote them. An error is one line.
pub fn check_stamp(dir: &Path) -> Result<(), String> {
    const WAY_OUT: &str = "begin with an empty folder, or convert it with the foliofuzz that wrote it: \
                           `foliofuzz corpus min DIR --out NEW --to text`";
    let name = dir.display();
    match fs::read_to_string(dir.join(STAMP)) {
        Ok(stamp) if stamp.trim() == decoder() => Ok(()),
        Ok(stamp) => {
            let stamp: String = stamp.trim().escape_debug().take(40).collect();
            let stamp = if stamp.is_empty() { "(none)".to_string() } else { stamp };
            Err(format!("{name}: bytes of decoder {stamp}, which decoder {} would misread: {WAY_OUT}", decoder()))
        }
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let mut bytes = files(dir)?.into_iter().filter(|f| fs::metadata(f).is_ok_and(|m| m.len() > 0));
            match bytes.find(|f| !starts_as_text(f)) {
                None => Ok(()),
                Some(file) => Err(format!(
                    "{}: bytes, but {name} has no {STAMP} to say of which decoder: {WAY_OUT}",
                    file.display()
                )),
            }
        }
        Err(e) => Err(format!("{name}/{STAMP}: {e}")),
    }
}

/// Whether a file begins as repro texts do; one that cannot be read does not.
fn starts_as_text(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|f| io::Read::read_to_end(&mut io::Read::take(f, 64), &mut start));
    read.is_ok() && is_text(&start)
}

/// As [`check_stamp`], and has the folder say that its bytes are this decoder's from now on.
pub fn stamp(dir: &Path) -> Result<(), String> {
    check_stamp(dir)?;
    write_stamp(dir).map_err(|e| format!("{}/{STAMP}: {e}", dir.display()))
}

fn write_stamp(dir: &Path) -> io::Result<()> {
    let file = dir.join(STAMP);
    if file.exists() {
        return Ok(());
    }
    file.parent().map_or(Ok(()), fs::create_dir_all)?;
    write_atomic(&file, format!("{}\n", decoder()).as_bytes())
}

/// What an input reaches.
pub struct Reached {
    /// Counters with the bucket of their count, as libFuzzer numbers them; each once, in order.
    pub features: Vec<u32>,
    pub execs: u64,
    /// Whether all its executions were given up.
    pub gave_up: bool,
    /// `check/kind` of what its executions found, each once.
    pub found: Vec<String>,
}

/// Runs inputs as the fuzz targets do. What one reaches does not depend on those before it.
pub struct Probe {
    searcher: Searcher,
}

impl Probe {
    pub fn new(checks: crate::san::CheckSet) -> Probe {
        Probe { searcher: searcher_alone(checks) }
    }

    /// Runs `program` under its own and the scattered schedules of a fuzz target.
    pub fn run(&mut self, program: &Program) -> Reached {
        self.searcher.forget();
        let (mut execs, mut given_up, mut found) = (0, 0, Vec::new());
        let _ = self.searcher.search(&mut program.clone(), input_hash(program), &mut |_, run| {
            execs += 1;
            given_up += u64::from(matches!(run.outcome, Outcome::GaveUp(_)));
            if let Some(f) = run.outcome.finding() {
                let class = format!("{}/{}", f.check, f.kind);
                if !found.contains(&class) {
                    found.push(class);
                }
            }
            ControlFlow::Continue(())
        });
        Reached { features: self.features(), execs, gave_up: given_up == execs, found }
    }

    fn features(&mut self) -> Vec<u32> {
        let Some(feedback) = self.searcher.runner.feedback() else { return Vec::new() };
        let counters = feedback.counters();
        let counted = |(i, c): (usize, &mut u8)| (*c > 0).then(|| i as u32 * 8 + bucket(std::mem::take(c)));
        counters.iter_mut().enumerate().filter_map(counted).collect()
    }
}

/// libFuzzer's classes of counts: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more.
fn bucket(count: u8) -> u32 {
    match count {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4..8 => 3,
        8..16 => 4,
        16..32 => 5,
        32..128 => 6,
        128.. => 7,
    }
}

/// A set of features.
#[derive(Clone, PartialEq, Eq)]
pub struct Features {
    words: Vec<u64>,
    count: usize,
}

impl Default for Features {
    fn default() -> Features {
        Features { words: vec![0; COUNTERS * 8 / 64], count: 0 }
    }
}

impl Features {
    /// Adds them; whether one was new.
    pub fn add(&mut self, features: &[u32]) -> bool {
        let before = self.count;
        for f in features {
            let (word, bit) = (&mut self.words[*f as usize / 64], 1 << (f % 64));
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
        self.count > before
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many of these `other` does not have.
    pub fn missing_in(&self, other: &Features) -> usize {
        self.words.iter().zip(&other.words).map(|(a, b)| (a & !b).count_ones() as usize).sum()
    }
}

/// In what form inputs are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Bytes as bytes, text as canonical text.
    AsIs,
    /// Everything as canonical text, under the model it was run with.
    Text,
}

/// An input that is kept.
#[derive(Clone)]
pub struct Kept {
    pub from: PathBuf,
    /// The name of its file.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A corpus made smaller, not yet written.
#[derive(Clone, Default)]
pub struct Smaller {
    pub kept: Vec<Kept>,
    /// Of all inputs.
    pub features: Features,
    pub inputs: usize,
    pub bytes: u64,
    /// Texts that do not parse.
    pub malformed: usize,
    pub execs: u64,
}

/// The inputs, smallest first, that reach something no smaller one does. `tell` hears how many have been run.
pub fn smaller(
    dir: &Path,
    model: Model,
    probe: &mut Probe,
    form: Form,
    tell: &mut dyn FnMut(usize, usize),
) -> Result<Smaller, String> {
    let mut paths = Vec::new();
    for path in files(dir)? {
        let size = fs::metadata(&path).map_err(|e| format!("{}: {e}", path.display()))?.len();
        paths.push((size, path));
    }
    paths.sort();
    let mut out = Smaller { inputs: paths.len(), bytes: paths.iter().map(|(n, _)| n).sum(), ..Smaller::default() };
    let mut names = BTreeMap::new();
    for (at, (_, path)) in paths.iter().enumerate() {
        tell(at, paths.len());
        let entry = read(path)?;
        let Some(program) = entry.program(model) else {
            out.malformed += 1;
            continue;
        };
        let reached = probe.run(&program);
        out.execs += reached.execs;
        if out.features.add(&reached.features) {
            let bytes = stored(&entry, &program, form);
            let name = free_name(&mut names, dir, path, is_text(&bytes));
            out.kept.push(Kept { from: path.clone(), name, bytes });
        }
    }
    Ok(out)
}

fn stored(entry: &Entry, program: &Program, form: Form) -> Vec<u8> {
    match File::parse(&entry.bytes) {
        // Its own header, comments and expectation.
        Ok(file) if entry.is_text() => file.print().into_bytes(),
        _ if form == Form::Text => File::new(program.clone()).print().into_bytes(),
        _ => entry.bytes.clone(),
    }
}

/// A name in one folder for an input of a tree of them: `seeds/a.mm` becomes `seeds-a.mm`, a text ends in `.mm`.
fn free_name(taken: &mut BTreeMap<String, u32>, dir: &Path, path: &Path, text: bool) -> String {
    let relative = path.strip_prefix(dir).unwrap_or(path).to_string_lossy().replace('/', "-");
    let stem = if text { relative.trim_end_matches(".mm") } else { &relative };
    let n = taken.entry(stem.to_string()).and_modify(|n| *n += 1).or_insert(0);
    let number = if *n == 0 { String::new() } else { format!(".{n}") };
    format!("{stem}{number}{}", if text { ".mm" } else { "" })
}

impl Smaller {
    /// Runs what is kept once more, from what is to be stored. The features that are lost, which should be none.
    pub fn lost(&self, model: Model, probe: &mut Probe) -> usize {
        let mut again = Features::default();
        for kept in &self.kept {
            let entry = Entry { path: kept.from.clone(), bytes: kept.bytes.clone() };
            if let Some(program) = entry.program(model) {
                again.add(&probe.run(&program).features);
            }
        }
        self.features.missing_in(&again)
    }

    /// Writes it to a new folder: whole, or not at all.
    pub fn write_to(&self, out: &Path) -> io::Result<()> {
        let name = out.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(above) = out.parent().filter(|p| !p.as_os_str().is_empty()) {
            fs::create_dir_all(above)?;
        }
        let temporary = out.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        fs::create_dir(&temporary)?;
        let fill = || {
            self.kept.iter().try_for_each(|k| fs::write(temporary.join(&k.name), &k.bytes))?;
            if self.kept.iter().any(|k| !is_text(&k.bytes)) {
                write_stamp(&temporary)?;
            }
            fs::rename(&temporary, out)
        };
        let written = fill();
        if written.is_err() {
            let _ = fs::remove_dir_all(&temporary);
        }
        written
    }

    /// Makes a folder hold this and nothing more. What is kept comes first, and only then goes what is not: at every
    /// moment all features are there. What came into the folder in the meantime stays.
    pub fn write_over(&self, before: &[PathBuf]) -> io::Result<()> {
        let mut keep = Vec::new();
        for k in &self.kept {
            let changed = fs::read(&k.from).map_or(true, |known| known != k.bytes);
            let renamed = is_text(&k.bytes) && k.from.extension().is_none_or(|e| e != "mm");
            let path =
                if renamed { k.from.with_file_name(format!("{}.mm", file_name(&k.from))) } else { k.from.clone() };
            if changed || renamed {
                write_atomic(&path, &k.bytes)?;
            }
            keep.push(path);
        }
        keep.sort();
        before.iter().filter(|p| keep.binary_search(p).is_err()).try_for_each(fs::remove_file)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}
