//! Folders and files that one process has at a time. The system takes a lock from whoever dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the folder.
    pub fn folder(dir: &Path) -> io::Result<Lock> {
        let file = File::open(dir)?;
        match file.lock() {
            // Some file systems of networks have no locks.
            Err(e) if e.kind() != io::ErrorKind::Unsupported => Err(e),
            _ => Ok(Lock { _file: file }),
        }
    }

    /// Takes a file that says who has it, or tells who that is.
    pub fn file(path: &Path) -> io::Result<Result<Lock, String>> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = file.read_to_string(&mut owner);
                return Ok(Err(owner.trim().to_string()));
            }
            Err(TryLockError::Error(e)) if e.kind() != io::ErrorKind::Unsupported => return Err(e),
            _ => {}
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "process {}", std::process::id())?;
        Ok(Ok(Lock { _file: file }))
    }
}
