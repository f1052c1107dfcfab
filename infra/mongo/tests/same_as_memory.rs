//! Random operations lead to the same as on the reference adapter.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "support/store.rs"]
mod store;

use ports::checkpoint::{Checkpoint, Progress};
use ports::memory::MemoryReadModels;
use ports::read_models::{Collection, Field, Filter, Generations, Query, ReadModels, Sort, Write};
use ports::stream::GlobalPosition;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

const FIELDS: &[Field] = &[Field { name: "zone" }, Field { name: "rank" }];
const NAMES: [&str; 2] = ["motors", "images"];
const CASES: u32 = 40;
const KEYS_MAX: usize = 200;

#[derive(Clone, Debug)]
enum Operation {
    Commit(Collection, Vec<Write>, Option<u64>),
    Ensure(Collection),
    Drop(Collection),
    Promote(&'static str, Generations),
    Page(Collection, Vec<Filter>, Option<Sort>, usize),
    Count(Collection, Vec<Filter>, &'static str),
}

fn collections() -> impl Strategy<Value = Collection> {
    let named = |(name, generation)| Collection { name, generation, fields: FIELDS };
    (prop::sample::select(NAMES.to_vec()), 1..3_u64).prop_map(named)
}

fn texts() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "", "a", "A", "B", "ä", "a.b", "$a", "\u{fffd}", "\u{ffff}", "🦀", "10",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

fn whole_numbers() -> impl Strategy<Value = i64> {
    prop_oneof![0..4_i64, any::<i64>(), (-2..3_i64).prop_map(|n| (1 << 53) + n)]
}

fn zones() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), texts().prop_map(Value::from)]
}

fn ranks() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), whole_numbers().prop_map(Value::from)]
}

/// Any JSON, of a few levels.
fn values() -> impl Strategy<Value = Value> {
    let leaves = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        whole_numbers().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaves.prop_recursive(3, 16, 4, |inner| {
        let objects = prop::collection::btree_map(texts(), inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            objects.prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn bodies() -> impl Strategy<Value = Value> {
    let others = prop::collection::btree_map(texts(), values(), 0..4);
    let maybe = |values: BoxedStrategy<Value>| prop::option::of(values);
    let parts = (maybe(zones().boxed()), maybe(ranks().boxed()), others);
    parts.prop_map(|(zone, rank, others)| {
        let mut body: Map<String, Value> = others.into_iter().collect();
        for (name, value) in [("zone", zone), ("rank", rank)] {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        }
        body.into()
    })
}

fn writes() -> impl Strategy<Value = Write> {
    let write = |(key, position, body)| Write { key, position: GlobalPosition(position), body };
    (texts(), 1..30_u64, prop::option::weighted(0.8, bodies())).prop_map(write)
}

fn filters() -> impl Strategy<Value = Vec<Filter>> {
    let zone = zones().prop_map(|equals| Filter { field: "zone", equals });
    let rank = ranks().prop_map(|equals| Filter { field: "rank", equals });
    prop::collection::vec(prop_oneof![zone, rank], 0..2)
}

fn sorts() -> impl Strategy<Value = Option<Sort>> {
    let field = prop::sample::select(vec!["zone", "rank"]);
    prop::option::of(
        (field, any::<bool>()).prop_map(|(field, descending)| Sort { field, descending }),
    )
}

fn generations() -> impl Strategy<Value = Generations> {
    let all = (prop::option::of(1..9_u64), prop::option::of(1..9_u64), 0..9_u64);
    all.prop_map(|(live, previous, newest)| Generations { live, previous, newest })
}

fn operations() -> impl Strategy<Value = Operation> {
    let batch = prop::collection::vec(writes(), 0..8);
    let names = || prop::sample::select(NAMES.to_vec());
    let fields = prop::sample::select(vec!["zone", "rank"]);
    prop_oneof![
        8 => (collections(), batch, prop::option::of(0..30_u64))
            .prop_map(|(of, writes, progress)| Operation::Commit(of, writes, progress)),
        1 => collections().prop_map(Operation::Ensure),
        1 => collections().prop_map(Operation::Drop),
        1 => (names(), generations()).prop_map(|(name, to)| Operation::Promote(name, to)),
        3 => (collections(), filters(), sorts(), 1..5_usize)
            .prop_map(|(of, filters, sort, size)| Operation::Page(of, filters, sort, size)),
        2 => (collections(), filters(), fields)
            .prop_map(|(of, filters, field)| Operation::Count(of, filters, field)),
    ]
}

/// What the operation tells, as text.
async fn done(models: &dyn ReadModels, operation: &Operation) -> String {
    match operation {
        Operation::Commit(of, writes, progress) => {
            models.ensure(of).await.unwrap();
            let progress = progress.map(|position| Progress {
                position: GlobalPosition(position),
                checkpoint: Checkpoint(format!("offset {position}")),
            });
            models.commit(of, writes, progress.as_ref()).await.unwrap();
            String::new()
        }
        Operation::Ensure(of) => format!("{:?}", models.ensure(of).await.is_ok()),
        Operation::Drop(of) => format!("{:?}", models.drop_collection(of).await.is_ok()),
        Operation::Promote(name, to) => format!("{:?}", models.promote(name, *to).await.is_ok()),
        Operation::Page(of, filters, sort, size) => {
            let mut query =
                Query { filters: filters.clone(), sort: *sort, cursor: None, documents_max: *size };
            let mut pages = Vec::new();
            loop {
                let page = models.query(of, &query).await.unwrap();
                query.cursor.clone_from(&page.next);
                pages.push(page);
                assert!(pages.len() <= KEYS_MAX, "the pages do not come to an end");
                if query.cursor.is_none() {
                    return format!("{pages:?}");
                }
            }
        }
        Operation::Count(of, filters, field) => {
            let mut counts = models.count_by(of, filters, field).await.unwrap();
            counts.sort_by_key(|(value, _)| value.as_ref().map(Value::to_string));
            format!("{counts:?}")
        }
    }
}

/// All that can be asked for without a query.
async fn state(models: &dyn ReadModels, keys: &[String]) -> String {
    let mut state = String::new();
    for name in NAMES {
        state += &format!("{:?}\n", models.generations(name).await.unwrap());
        for generation in 1..3 {
            let of = Collection { name, generation, fields: FIELDS };
            let mut documents = models.get(&of, keys).await.unwrap();
            documents.sort_by(|one, other| one.key.cmp(&other.key));
            state += &format!("{documents:?} {:?}\n", models.progress(&of).await.unwrap());
        }
    }
    state
}

fn keys(operations: &[Operation]) -> Vec<String> {
    let writes = operations.iter().filter_map(|operation| match operation {
        Operation::Commit(_, writes, _) => Some(writes),
        _ => None,
    });
    let mut keys: Vec<_> = writes.flatten().map(|write| write.key.clone()).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn random_operations_lead_to_the_same_as_in_memory() {
    let runtime = Runtime::new().unwrap();
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let batches = prop::collection::vec(operations(), 1..16);
    let outcome = TestRunner::new(config).run(&batches, |operations| {
        runtime.block_on(async {
            let Some(store) = store::fresh().await else { return Ok(()) };
            let memory = MemoryReadModels::default();
            for operation in &operations {
                let (told, expected) =
                    (done(&store.models, operation).await, done(&memory, operation).await);
                prop_assert_eq!(told, expected, "{:?}", operation);
            }
            let keys = keys(&operations);
            prop_assert_eq!(state(&store.models, &keys).await, state(&memory, &keys).await);
            for name in NAMES {
                for generation in 1..3 {
                    let of = Collection { name, generation, fields: FIELDS };
                    store.models.drop_collection(&of).await.unwrap();
                }
            }
            Ok(())
        })
    });
    outcome.unwrap();
}
