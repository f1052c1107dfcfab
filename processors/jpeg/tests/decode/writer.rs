//! Writes baseline files from coefficients that a test chose: every sampling, restarts, and code words of every
//! length.

/// Where the coefficients of a file lie in a block.
pub(crate) const NATURAL: [usize; 64] = {
    let mut order = [0; 64];
    let (mut place, mut diagonal) = (0, 0);
    while diagonal < 15 {
        let mut step = 0;
        while step <= diagonal {
            let (down, up) = (step, diagonal - step);
            let (row, column) = if diagonal % 2 == 1 { (down, up) } else { (up, down) };
            if row < 8 && column < 8 {
                order[place] = 8 * row + column;
                place += 1;
            }
            step += 1;
        }
        diagonal += 1;
    }
    order
};

/// Numbers that are the same each time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    /// From `-bound` to `bound`.
    pub(crate) fn around(&mut self, bound: usize) -> i32 {
        self.below(2 * bound + 1) as i32 - bound as i32
    }
}

/// A file to write.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Blocks in a unit, across and down, for each component.
    pub(crate) samplings: Vec<(usize, usize)>,
    pub(crate) quantisation: u8,
    pub(crate) restart_interval: u16,
    pub(crate) seed: u64,
}

/// The blocks of a component: how many lie in a row, and each with its coefficients in the order of the file.
pub(crate) struct Blocks {
    pub(crate) across: usize,
    pub(crate) blocks: Vec<[i32; 64]>,
}

/// The words for coefficients other than the first: each its bits and how many. Some are sixteen bits long.
struct Words {
    definition: Vec<u8>,
    words: [(u32, u32); 256],
}

const FREQUENT: [u8; 6] = [0x00, 0x01, 0x11, 0x02, 0x21, 0x03];
const COUNTS: [u8; 16] = [0, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 16, 32, 50];

fn words() -> Words {
    let rest = (0..=0xFF_u8).filter(|symbol| matches!(symbol & 15, 1..=10) || *symbol == 0xF0);
    let symbols: Vec<_> =
        FREQUENT.into_iter().chain(rest.filter(|symbol| !FREQUENT.contains(symbol))).collect();
    let mut words = [(0, 0); 256];
    let (mut word, mut next) = (0, symbols.iter());
    for (bits, count) in (1..).zip(COUNTS) {
        word <<= 1;
        for symbol in next.by_ref().take(usize::from(count)) {
            words[usize::from(*symbol)] = (word, bits);
            word += 1;
        }
    }
    assert_eq!(next.next(), None, "every symbol has a word");
    Words { definition: [COUNTS.as_slice(), &symbols].concat(), words }
}

/// Puts bits into bytes, and a zero after each 0xFF.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, bits: u32, count: u32) {
        for place in (0..count).rev() {
            self.held = self.held << 1 | bits >> place & 1;
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.held as u8);
                if self.held as u8 == 0xFF {
                    self.bytes.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    fn pad(&mut self) {
        self.put(0x7F, (8 - self.count) % 8);
    }

    fn value(&mut self, value: i32) {
        let size = size(value);
        let bits = if value < 0 { value - 1 } else { value };
        self.put(bits as u32, size);
    }
}

fn size(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}

/// A few large coefficients and many zeros, as pictures have them; now and then a full block.
pub(crate) fn blocks(spec: &Spec) -> Vec<Blocks> {
    let mut dice = Dice(spec.seed | 1);
    let most =
        |side: fn(&(usize, usize)) -> usize| spec.samplings.iter().map(side).max().unwrap_or(1);
    let units_across = spec.width.div_ceil(8 * most(|sampling| sampling.0));
    let units_down = spec.height.div_ceil(8 * most(|sampling| sampling.1));
    let blocks = |(across, down): &(usize, usize)| {
        let count = units_across * across * units_down * down;
        let blocks = (0..count).map(|_| block(&mut dice)).collect();
        Blocks { across: units_across * across, blocks }
    };
    spec.samplings.iter().map(blocks).collect()
}

fn block(dice: &mut Dice) -> [i32; 64] {
    let mut block = [0; 64];
    block[0] = dice.around(120);
    let reach = [1, 2, 6, 20, 64][dice.below(5)];
    let count = [0, 2, 5, 5, 20][dice.below(5)];
    for _ in 0..count {
        let place = 1 + dice.below(64).min(dice.below(reach));
        let bound = [1, 2, 9, 30][dice.below(4)];
        block[place.min(63)] = dice.around(bound);
    }
    if dice.below(8) == 0 {
        block[63] = dice.around(2);
    }
    block
}

/// The file that holds these blocks.
pub(crate) fn write(spec: &Spec, components: &[Blocks]) -> Vec<u8> {
    let words = words();
    let count = components.len() as u8;
    let [h1, h0] = (spec.height as u16).to_be_bytes();
    let [w1, w0] = (spec.width as u16).to_be_bytes();
    let mut frame = vec![8, h1, h0, w1, w0, count];
    let mut scan = vec![count];
    for (name, (across, down)) in (1..).zip(&spec.samplings) {
        frame.extend([name, (across << 4 | down) as u8, 0]);
        scan.extend([name, 0]);
    }
    scan.extend([0, 63, 0]);
    let mut first = vec![0; 17];
    first[4] = 12;
    first.extend(0..12);
    let mut file = vec![0xFF, 0xD8];
    segment(&mut file, 0xDB, &[[0].as_slice(), &[spec.quantisation; 64]].concat());
    segment(&mut file, 0xC0, &frame);
    segment(&mut file, 0xC4, &first);
    segment(&mut file, 0xC4, &[[0x10].as_slice(), &words.definition].concat());
    segment(&mut file, 0xDD, &spec.restart_interval.to_be_bytes());
    segment(&mut file, 0xDA, &scan);
    file.extend(data(spec, components, &words));
    file.extend([0xFF, 0xD9]);
    file
}

fn segment(file: &mut Vec<u8>, marker: u8, content: &[u8]) {
    file.extend([0xFF, marker]);
    file.extend((content.len() as u16 + 2).to_be_bytes());
    file.extend(content);
}

fn data(spec: &Spec, components: &[Blocks], words: &Words) -> Vec<u8> {
    let mut bits = Bits::default();
    let units_across = components[0].across / spec.samplings[0].0;
    let units = components[0].blocks.len() / (spec.samplings[0].0 * spec.samplings[0].1);
    let mut before = [0; 3];
    for unit in 0..units {
        let interval = usize::from(spec.restart_interval);
        if interval > 0 && unit > 0 && unit % interval == 0 {
            bits.pad();
            bits.bytes.extend([0xFF, 0xD0 + ((unit / interval - 1) % 8) as u8]);
            before = [0; 3];
        }
        let (x, y) = (unit % units_across, unit / units_across);
        for (number, (component, (across, down))) in
            components.iter().zip(&spec.samplings).enumerate()
        {
            for (row, column) in (0..*down).flat_map(|row| (0..*across).map(move |at| (row, at))) {
                let at = (y * down + row) * component.across + x * across + column;
                put_block(&mut bits, &component.blocks[at], &mut before[number], words);
            }
        }
    }
    bits.pad();
    bits.bytes
}

fn put_block(bits: &mut Bits, block: &[i32; 64], before: &mut i32, words: &Words) {
    let difference = block[0] - std::mem::replace(before, block[0]);
    bits.put(size(difference), 4);
    bits.value(difference);
    let mut zeros = 0;
    for value in &block[1..] {
        if *value == 0 {
            zeros += 1;
            continue;
        }
        for _ in 0..zeros / 16 {
            let (word, count) = words.words[0xF0];
            bits.put(word, count);
        }
        let (word, count) = words.words[(zeros % 16) << 4 | size(*value) as usize];
        bits.put(word, count);
        bits.value(*value);
        zeros = 0;
    }
    if zeros > 0 {
        let (word, count) = words.words[0];
        bits.put(word, count);
    }
}
