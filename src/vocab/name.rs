//! Names of sites: functions of `mm` and primitives of `linux`, as statics with a stable hash.

/// A function or primitive name. `hash` depends on the name only, so it is the same in every build.
#[derive(Debug)]
pub struct Name {
    pub name: &'static str,
    /// Kernel source file, for reports; empty for primitives' labels.
    pub file: &'static str,
    /// The line in that file where the function begins; 0 where there is none. Reports only: nothing depends on it.
    pub line: u32,
    pub hash: u32,
}

impl Name {
    pub const fn new(name: &'static str, file: &'static str) -> Name {
        Name::at(name, file, 0)
    }

    /// As [`Name::new`], of a function that begins in this line.
    pub const fn at(name: &'static str, file: &'static str, line: u32) -> Name {
        Name { name, file, line, hash: fnv(name) }
    }
}

impl Name {
    /// The hash a name has.
    pub fn hash_of(name: &str) -> u32 {
        fnv(name)
    }
}

/// FNV-1a.
const fn fnv(s: &str) -> u32 {
    let b = s.as_bytes();
    let mut h = 0x811c_9dc5_u32;
    let mut i = 0;
    while i < b.len() {
        h = (h ^ b[i] as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    h
}

/// Where a scheduling point is: the innermost modelled function, and the outermost primitive entered since that
/// function began (or the field's name, for a direct access).
#[derive(Clone, Copy, Debug)]
pub struct Site {
    pub func: &'static Name,
    pub label: &'static Name,
}

impl Site {
    #[inline]
    pub fn hash(self) -> u32 {
        Site::hash_of(self.func, self.label)
    }

    #[inline]
    pub fn hash_of(func: &Name, label: &Name) -> u32 {
        func.hash.rotate_left(7) ^ label.hash
    }

    /// The hash a site of this text would have; `None` without a dot.
    pub fn hash_of_text(text: &str) -> Option<u32> {
        let (func, label) = text.split_once('.')?;
        Some(fnv(func).rotate_left(7) ^ fnv(label))
    }
}

impl PartialEq for Site {
    fn eq(&self, other: &Site) -> bool {
        self.hash() == other.hash()
    }
}
impl Eq for Site {}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.func.name, self.label.name)
    }
}
