//! A short list of small indices packed in one word, so that a whole list is one memory cell.

/// Up to 14 indices below 16, first = head. The length is in the top byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Seq(pub u64);

impl Seq {
    pub const CAPACITY: usize = 14;
    pub const EMPTY: Seq = Seq(0);

    #[inline]
    pub fn len(self) -> usize {
        (self.0 >> 56) as usize
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 >> 56 == 0
    }

    #[inline]
    pub fn get(self, i: usize) -> Option<usize> {
        (i < self.len()).then(|| (self.0 >> (4 * i) & 0xf) as usize)
    }

    pub fn head(self) -> Option<usize> {
        self.get(0)
    }

    pub fn tail(self) -> Option<usize> {
        self.len().checked_sub(1).and_then(|i| self.get(i))
    }

    pub fn iter(self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.len()).map(move |i| (self.0 >> (4 * i) & 0xf) as usize)
    }

    pub fn position(self, x: usize) -> Option<usize> {
        self.iter().position(|y| y == x)
    }

    pub fn contains(self, x: usize) -> bool {
        self.position(x).is_some()
    }

    /// Appends; a full list stays as it is (no list of the model can outgrow it).
    #[must_use]
    pub fn push_tail(self, x: usize) -> Seq {
        let n = self.len();
        if n == Seq::CAPACITY {
            return self;
        }
        let items = self.0 & !(0xff << 56);
        Seq(items | (x as u64 & 0xf) << (4 * n) | (n as u64 + 1) << 56)
    }

    #[must_use]
    pub fn push_head(self, x: usize) -> Seq {
        let n = self.len();
        if n == Seq::CAPACITY {
            return self;
        }
        let items = self.0 & !(0xff << 56);
        Seq((items << 4 & !(0xff << 56)) | (x as u64 & 0xf) | (n as u64 + 1) << 56)
    }

    /// Removes the first occurrence; unchanged if there is none.
    #[must_use]
    pub fn remove(self, x: usize) -> Seq {
        let Some(i) = self.position(x) else { return self };
        let n = self.len() as u64 - 1;
        let items = self.0 & !(0xff << 56);
        let low = items & ((1 << (4 * i)) - 1);
        let high = items >> (4 * (i + 1)) << (4 * i);
        Seq(low | high | n << 56)
    }
}
