//! Inputs on their way between libFuzzer and a corpus that several processes share.
//!
//! libFuzzer writes files in place and may be killed while it does. It gets a folder of its own inside the corpus; from
//! there whole files are moved, and new ones of others are lent to it.

use super::super::store::temporary_name;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);
/// Rounds a lent file stays: libFuzzer looks once a second, and at whole seconds.
const LENT_FOR: u32 = 4;

pub struct Spool {
    corpus: PathBuf,
    /// libFuzzer's folder. It skips folders that begin with a dot.
    own: PathBuf,
    /// Names that need not be lent.
    known: BTreeSet<OsString>,
    lent: BTreeMap<OsString, u32>,
    shared: bool,
    last: Instant,
    /// Inputs moved to the corpus.
    pub added: u64,
}

impl Spool {
    /// `shared`: others add to the corpus, too.
    pub fn begin(corpus: &Path, shared: bool) -> io::Result<Spool> {
        let own = corpus.join(temporary_name("inputs"));
        fs::create_dir(&own)?;
        let (known, lent) = (names(corpus)?.collect(), BTreeMap::new());
        Ok(Spool { corpus: corpus.to_path_buf(), own, known, lent, shared, last: Instant::now(), added: 0 })
    }

    /// The folders for libFuzzer: it writes to the first and only reads the second.
    pub fn folders(&self) -> [&Path; 2] {
        [&self.own, &self.corpus]
    }

    /// To be called between two inputs. True if libFuzzer has kept something new.
    pub fn turn(&mut self) -> io::Result<bool> {
        if self.last.elapsed() < EVERY {
            return Ok(false);
        }
        self.sync()
    }

    pub fn sync(&mut self) -> io::Result<bool> {
        self.last = Instant::now();
        let before = self.added;
        let new: Vec<OsString> = names(&self.own)?.filter(|n| !self.lent.contains_key(n)).collect();
        new.into_iter().try_for_each(|name| self.hand_in(name))?;
        if self.shared {
            self.lend()?;
        }
        Ok(self.added > before)
    }

    fn hand_in(&mut self, name: OsString) -> io::Result<()> {
        let from = self.own.join(&name);
        // libFuzzer does not say when it could not write.
        if fs::metadata(&from)?.len() == 0 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        fs::rename(&from, self.corpus.join(&name))?;
        self.known.insert(name);
        self.added += 1;
        Ok(())
    }

    fn lend(&mut self) -> io::Result<()> {
        for turns in self.lent.values_mut() {
            *turns += 1;
        }
        let done: Vec<OsString> = self.lent.iter().filter(|(_, t)| **t > LENT_FOR).map(|(n, _)| n.clone()).collect();
        for name in done {
            self.lent.remove(&name);
            let _ = fs::remove_file(self.own.join(name));
        }
        let new: Vec<OsString> = names(&self.corpus)?.filter(|n| !self.known.contains(n)).collect();
        for name in new {
            // Whoever has removed it again had a reason.
            let Ok(bytes) = fs::read(self.corpus.join(&name)) else { continue };
            fs::write(self.own.join(&name), bytes)?;
            self.known.insert(name.clone());
            self.lent.insert(name, 0);
        }
        if !self.lent.is_empty() {
            // It looks at a folder again only if that has changed since, in seconds.
            let touch = self.own.join("touch");
            fs::write(&touch, "")?;
            fs::remove_file(touch)?;
        }
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.own);
    }
}

/// Names of the files in a folder that are not hidden.
fn names(dir: &Path) -> io::Result<impl Iterator<Item = OsString>> {
    let files = fs::read_dir(dir)?.flatten().filter(|e| e.file_type().is_ok_and(|t| !t.is_dir()));
    Ok(files.map(|e| e.file_name()).filter(|n| !n.to_string_lossy().starts_with('.')))
}
