//! Reading the `init` section: the objects of the initial state.

use super::parse::{Argument, ParseError, at, flags, object, quote, value};
use super::text::{self, AOPS_NAMES, MAPPING_FLAG_NAMES, VMA_FLAG_NAMES, VMA_LOCKED, VMA_READ_ONLY};
use super::types::Program;
use crate::ops::{Arg, FolioInit, FolioPlace, Init, MappingInit, SwapInit, VmaInit, VmaKind};
use crate::vocab::*;

/// What an `init` line can be.
pub(super) const FORMS: &str = "expected `m0 = mapping(…)`, `p1 = process()`, `v0 = vma(…)`, `F0 = folio(…)` or \
                                `s0 = swap(…)`";

/// The lines objects were defined in.
#[derive(Default)]
pub(super) struct Lines {
    mappings: [usize; MAPPINGS],
    processes: [usize; MMS],
    vmas: [usize; VMAS],
    folios: [usize; FOLIOS],
    swaps: [usize; SLOTS],
    /// Folios written `folio(anon)`, without their place.
    placeless: [bool; FOLIOS],
}

/// Puts one object into the initial state: its name, kind and arguments, from line `n`.
pub(super) fn define(
    init: &mut Init,
    lines: &mut Lines,
    n: usize,
    (name, kind, args): (&str, &str, &[Argument<'_>]),
) -> Result<(), String> {
    let line = match kind {
        "mapping" => {
            let i = object(name, "m", MAPPINGS)? as usize;
            init.mappings[i] = Some(mapping(args)?);
            &mut lines.mappings[i]
        }
        "process" => {
            let i = object(name, "p", MMS)? as usize;
            if !args.is_empty() {
                return Err("a process has no arguments: expected `p1 = process()`".to_string());
            }
            init.idle |= 1 << i;
            &mut lines.processes[i]
        }
        "vma" => {
            let i = object(name, "v", VMAS)? as usize;
            init.vmas[i] = Some(vma(i, args)?);
            &mut lines.vmas[i]
        }
        "folio" => {
            let i = object(name, "F", FOLIOS)? as usize;
            lines.placeless[i] = matches!(args.first(), Some((None, "anon")));
            init.folios[i] = Some(folio(args)?);
            &mut lines.folios[i]
        }
        "swap" => {
            let i = object(name, "s", SLOTS)? as usize;
            init.swaps[i] = Some(swap(args)?);
            &mut lines.swaps[i]
        }
        _ => return Err(format!("{} is no kind of object: {FORMS}", quote(kind))),
    };
    if std::mem::replace(line, n) != 0 {
        return Err(format!("{name} is defined twice: expected it once"));
    }
    Ok(())
}

/// Finds places for folios that were given none, and judges the whole.
pub(super) fn finish(program: &mut Program, lines: &Lines) -> Result<(), ParseError> {
    // A process with VMAs is alive without saying so, and so is p0.
    let with_vmas = (0..MMS).filter(|mm| *mm == 0 || program.init.vmas_of(*mm).next().is_some());
    program.init.idle &= !with_vmas.fold(0, |set, mm| set | 1 << mm);
    for (i, _) in lines.placeless.iter().enumerate().filter(|(_, p)| **p) {
        if let Some(place) = some_place(&mut program.init, program.model.kernel)
            && let Some(folio) = &mut program.init.folios[i]
        {
            folio.place = place;
        }
    }
    let p = &*program;
    judge(&lines.mappings, |i| p.mapping_error(i))?;
    judge(&lines.processes, |_| p.process_error())?;
    judge(&lines.vmas, |i| p.vma_error(i))?;
    judge(&lines.folios, |i| p.folio_error(i))?;
    judge(&lines.swaps, |i| p.swap_error(i))
}

fn judge(lines: &[usize], wrong: impl Fn(usize) -> Option<String>) -> Result<(), ParseError> {
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| **line != 0) {
        if let Some(wrong) = wrong(i) {
            return at(*line, wrong);
        }
    }
    Ok(())
}

/// Where `folio(anon)` goes: the first free page of p0, which gets an anonymous VMA if it has none.
fn some_place(init: &mut Init, kernel: Kernel) -> Option<FolioPlace> {
    if init.vmas_of(0).next().is_none() {
        let (kind, end) = (VmaKind::Anon, VADDRS as u8);
        init.vmas[0] = Some(VmaInit { start: 0, end, kind, read_only: false, locked: false });
    }
    let addr = (0..VADDRS).find(|addr| init.takes_anon(0, *addr, kernel))?;
    Some(FolioPlace::Anon { mm: 0, addr: addr as u8 })
}

fn mapping(args: &[Argument<'_>]) -> Result<MappingInit, String> {
    const FORM: &str = "expected `mapping(aops=…, flags=…, size=1..4)`";
    let (mut aops, mut set, mut size) = (None, None, None);
    for (key, text) in args {
        let before = match key {
            Some("aops") => aops.replace(flags("aops", text, AOPS_NAMES)?).is_some(),
            Some("flags") => set.replace(flags("flags", text, MAPPING_FLAG_NAMES)?).is_some(),
            Some("size") => size.replace(value("size", Arg::Count(SLOTS as u8), text)? + 1).is_some(),
            _ => return Err(format!("found {}: {FORM}", quote(key.unwrap_or(text)))),
        };
        if before {
            return Err(format!("a key is given twice: {FORM}"));
        }
    }
    Ok(MappingInit { flags: set.unwrap_or(0), aops: aops.unwrap_or(0), size: size.unwrap_or(SLOTS as u8) })
}

fn vma(i: usize, args: &[Argument<'_>]) -> Result<VmaInit, String> {
    const FORMS: &str =
        "expected `vma(p0, 0..2, anon)` or `vma(p0, 0..2, shared, m0)` (or private, nonlinear), with flags=ro|locked";
    let plain: Vec<&str> = args.iter().filter(|(key, _)| key.is_none()).map(|(_, text)| *text).collect();
    let kind = match plain[..] {
        [_, _, "anon"] => VmaKind::Anon,
        [_, _, "shared", m] => VmaKind::Shared(object(m, "m", MAPPINGS)?),
        [_, _, "private", m] => VmaKind::Private(object(m, "m", MAPPINGS)?),
        [_, _, "nonlinear", m] => VmaKind::Nonlinear(object(m, "m", MAPPINGS)?),
        _ => return Err(format!("a VMA says whose it is, where, and what it maps: {FORMS}")),
    };
    let mm = object(plain.first().copied().unwrap_or_default(), "p", MMS)? as usize;
    if i / VMAS_PER_MM != mm {
        let (first, last) = (mm * VMAS_PER_MM, (mm + 1) * VMAS_PER_MM - 1);
        return Err(format!("v{i} is no VMA of p{mm}: expected v{first}..v{last}"));
    }
    let range = plain.get(1).and_then(|text| text.split_once(".."));
    let number = |text: &str| text.parse::<u8>().ok().filter(|n| *n as usize <= VADDRS);
    let Some((start, end)) = range.and_then(|(a, b)| Some((number(a)?, number(b)?))).filter(|(a, b)| a < b) else {
        return Err(format!("a VMA's pages are 0..1 to 0..{VADDRS}: {FORMS}"));
    };
    let mut set = 0;
    for (key, text) in args.iter().filter(|(key, _)| key.is_some()) {
        if *key != Some("flags") || set != 0 {
            return Err(format!("found {}: {FORMS}", quote(key.unwrap_or_default())));
        }
        set = flags("flags", text, VMA_FLAG_NAMES)?;
    }
    Ok(VmaInit { start, end, kind, read_only: set & VMA_READ_ONLY != 0, locked: set & VMA_LOCKED != 0 })
}

fn folio(args: &[Argument<'_>]) -> Result<FolioInit, String> {
    const FORMS: &str = "expected `folio(m0, index=0, maps=p0|p1, flags=…)` or `folio(p0, addr=0, flags=…)`";
    let Some(((None, place), rest)) = args.split_first() else {
        return Err(format!("a folio needs its place first: {FORMS}"));
    };
    let (mut index, mut addr, mut maps, mut set) = (None, None, None, None);
    for (key, text) in rest {
        let before = match key {
            Some("index") => index.replace(value("index", Arg::Index, text)?).is_some(),
            Some("addr") => addr.replace(value("addr", Arg::Addr, text)?).is_some(),
            Some("maps") => maps.replace(processes(text)?).is_some(),
            Some("flags") => set.replace(flags("flags", text, &text::folio_flag_names())?).is_some(),
            _ => return Err(format!("found {}: {FORMS}", quote(key.unwrap_or(text)))),
        };
        if before {
            return Err(format!("a key is given twice: {FORMS}"));
        }
    }
    let place = match (*place, index, addr) {
        ("anon", None, None) => FolioPlace::Anon { mm: 0, addr: u8::MAX },
        ("anon", ..) => return Err(format!("an anonymous folio has no index, and `anon` no address: {FORMS}")),
        (p, None, Some(addr)) if p.starts_with('p') => FolioPlace::Anon { mm: object(p, "p", MMS)?, addr },
        (p, ..) if p.starts_with('p') => return Err(format!("the folio's address is missing: {FORMS}")),
        (m, Some(index), None) => FolioPlace::Cache { mapping: object(m, "m", MAPPINGS)?, index },
        (_, None, _) => return Err(format!("the folio's index is missing: {FORMS}")),
        _ => return Err(format!("a file's folio has no address of its own: {FORMS}")),
    };
    Ok(FolioInit { maps: maps.unwrap_or(0), ..FolioInit::new(place, set.unwrap_or(0)) })
}

/// `p0|p1`.
fn processes(text: &str) -> Result<u8, String> {
    text.split('|').try_fold(0, |set, word| Ok(set | 1 << object(word.trim(), "p", MMS)?))
}

fn swap(args: &[Argument<'_>]) -> Result<SwapInit, String> {
    match args {
        [(None, mm), (Some("addr"), addr)] => {
            Ok(SwapInit::Page { mm: object(mm, "p", MMS)?, addr: value("addr", Arg::Addr, addr)? })
        }
        [(None, m), (Some("index"), index)] => {
            Ok(SwapInit::File { mapping: object(m, "m", MAPPINGS)?, index: value("index", Arg::Index, index)? })
        }
        _ => {
            Err("a swapped-out page says where it was: expected `swap(p0, addr=0)` or `swap(m0, index=0)`".to_string())
        }
    }
}
