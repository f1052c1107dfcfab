//! Cells that end in every way, and one that does not.

use super::*;
use std::time::Duration;

use domain::picture::Limits;
use tokio::time::timeout;

const SHELL: &str = "/bin/sh";
/// Reads the four bytes of a length and a picture of four, then does something else.
const ASKED: &str = "head -c 8 > /dev/null;";

fn cells(then: &str) -> Cells {
    let script = format!("PATH=/usr/bin:/bin; {ASKED} {then}");
    Cells::running(SHELL.into(), vec!["-c".to_owned(), script], 1)
}

async fn failure_of(then: &str) -> Failure {
    cells(then).render(Bytes::from_static(b"four"), 1).await.unwrap_err()
}

/// An answer as a cell writes it, as the octal escapes of a shell.
fn written(answer: &Result<Vec<Variant>, Failure>) -> String {
    let mut bytes = Vec::new();
    wire::write(answer, &mut bytes).unwrap();
    let escapes: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("printf '{escapes}'; cat > /dev/null")
}

fn variant(name: &'static str, bytes: &[u8]) -> Variant {
    let (name, sha256) = (name.into(), "5e".repeat(32));
    Variant { name, width: 3, height: 2, bytes: bytes.to_vec(), sha256 }
}

#[tokio::test]
async fn what_a_cell_answers_is_what_the_picture_became() {
    let variants =
        vec![variant("a.jpg", b"first\0"), variant("b.jpg", b""), variant("c.jpg", b"%s")];
    for answer in [Ok(variants), Ok(Vec::new()), Err(Failure::corrupt("it ends too early"))] {
        let told = cells(&written(&answer)).render(Bytes::from_static(b"four"), 1).await;
        assert_eq!(told, answer);
    }
}

#[tokio::test]
async fn a_cell_that_ends_fails_its_picture_by_how_it_ended() {
    for (then, code, detail) in [
        ("kill -SEGV $$", Code::Internal, "the decoder was ended by signal 11"),
        ("kill -KILL $$", Code::Internal, "the decoder was ended by signal 9"),
        ("echo secret >&2; exit 101", Code::Internal, "the decoder broke"),
        (
            "echo 'memory allocation of 7 bytes failed' >&2; kill -ABRT $$",
            Code::OutOfMemory,
            "rendering takes more memory than it may",
        ),
    ] {
        let failure = failure_of(then).await;
        assert_eq!((failure.code, failure.detail.as_str()), (code, detail), "{then}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_understands_is_a_fault_and_takes_no_memory() {
    let endless = r"printf '\377\377\377\377'; cat > /dev/null";
    let garbage = r"printf '\004\000\000\000nono'; cat > /dev/null";
    let head = r#"{"Ok":[{"name":"a.jpg","width":1,"height":1,"sha256":"","bytes":9999999999}]}"#;
    let too_long =
        format!(r"printf '\{:03o}\000\000\000'; printf '{head}'; cat > /dev/null", head.len());
    for then in [endless, garbage, &too_long] {
        assert_eq!(failure_of(then).await.code, Code::Internal, "{then}");
    }
}

#[tokio::test]
async fn a_cell_is_killed_when_nobody_waits_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let cells = cells(&format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600", pid.display()));
    let rendering = cells.render(Bytes::from_static(b"four"), 1);
    let until_it_runs = async {
        while !pid.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        ended = rendering => panic!("{ended:?}"),
        () = until_it_runs => {}
    }
    let process = format!("/proc/{}/stat", std::fs::read_to_string(pid).unwrap().trim());
    // Gone, or dead and not yet buried.
    let gone = async {
        while std::fs::read_to_string(&process).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), gone).await.expect("it is killed");
}

#[tokio::test]
async fn a_cell_is_asked_again_unless_it_held_much_or_has_ended() {
    let script = |then: &str| {
        let answer = written(&Ok(Vec::new()));
        let (answer, _) = answer.split_once(';').unwrap();
        format!("for turn in 1 2 3; do {ASKED} {answer}; done {then}")
    };
    let ask = async |cells: &Cells, decode_bytes| {
        cells.render(Bytes::from_static(b"four"), decode_bytes).await.unwrap();
        let idle = cells.idle.lock().unwrap();
        idle.first().and_then(|cell| cell.process.id())
    };
    let arguments = |then| vec!["-c".to_owned(), format!("PATH=/usr/bin:/bin; {}", script(then))];
    let cells = Cells::running(SHELL.into(), arguments(""), 1);
    let first = ask(&cells, 1).await;
    assert!(first.is_some());
    assert_eq!(ask(&cells, KEPT_DECODE_BYTES_MAX).await, first);
    assert_eq!(ask(&cells, KEPT_DECODE_BYTES_MAX + 1).await, None, "its memory goes back");

    let first = ask(&cells, 1).await.unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(first).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let ended = async || {
        while matches!(cells.idle.lock().unwrap()[0].process.try_wait(), Ok(None)) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), ended()).await.expect("it is killed");
    assert!(ask(&cells, 1).await.is_some_and(|second| second != first));
}

#[tokio::test]
async fn a_cell_waits_for_the_picture_that_comes_next() {
    let waiting = |cells: &Cells| {
        let idle = cells.idle.lock().unwrap();
        idle.iter().map(|cell| cell.process.id().unwrap()).collect::<Vec<_>>()
    };
    let cells = cells(&written(&Ok(Vec::new())));
    cells.prepare();
    let first = waiting(&cells);
    cells.prepare();
    assert_eq!((first.len(), waiting(&cells)), (1, first.clone()), "one is enough");
    cells.render(Bytes::from_static(b"four"), 1).await.unwrap();
    assert_eq!(waiting(&cells), first, "it was asked, and is kept");

    let none = Cells::running("/no/such/program".into(), Vec::new(), 1);
    none.prepare();
    let failure = none.render(Bytes::from_static(b"four"), 1).await.unwrap_err();
    assert_eq!(failure.code, Code::Internal, "it is said by the picture that needs one");
}

#[test]
fn a_cell_may_take_what_its_pictures_are_admitted_with_and_little_more() {
    let settings = ImageSettings::default();
    let cells = Cells::new(SHELL.into(), &settings);
    let orders: Orders = serde_json::from_str(&cells.arguments[1]).unwrap();
    let Limits { decode_bytes_max, body_bytes_max, .. } = settings.limits;
    assert!(orders.memory_bytes_max > decode_bytes_max + body_bytes_max);
    assert!(orders.memory_bytes_max < 512 << 20, "{}", orders.memory_bytes_max);
    assert_eq!(orders.presets.parse(), Ok(settings.presets));
}
