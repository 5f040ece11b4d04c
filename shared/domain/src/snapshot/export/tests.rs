use super::*;
use crate::snapshot::{SavedShard, sample};
use crate::{Bytes, NodeType, shard, tag};

const TICK: &str = sample::TICK;

fn export() -> Export {
    let bucket = "cache-exports".to_owned();
    Export {
        snapshot: "orders-daily-202601020304".to_owned(),
        bucket,
        name: "2026/orders".to_owned(),
    }
}

fn file(shard: &str, size: u64) -> FileView {
    let written_at = "2026-01-02T03:20:00Z".parse().unwrap();
    FileView {
        key: format!("2026/orders-{shard}.rdb"),
        size,
        etag: format!("tag-{shard}"),
        written_at,
    }
}

fn view() -> ExportView {
    ExportView { snapshot: Some(sample::snapshot("orders", TICK)), ..ExportView::default() }
}

fn with_files(files: &[FileView]) -> ExportView {
    ExportView { files: files.to_vec(), ..view() }
}

#[track_caller]
fn next(view: &ExportView) -> String {
    match export().plan(view, Catalog::embedded()) {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait for {}", wait.on),
        Next::Refuse(why) => why.to_string(),
        Next::Do(ExportStep::Copy) => "copy".to_owned(),
        Next::Do(ExportStep::Describe(it)) => format!("describe {} files", it.files.len()),
    }
}

/// What the manifest says once it is written.
fn manifest(view: &ExportView) -> Manifest {
    let Next::Do(ExportStep::Describe(manifest)) = export().plan(view, Catalog::embedded()) else {
        panic!("{}", next(view));
    };
    *manifest
}

#[test]
fn files_are_written_waited_for_and_described() {
    assert_eq!(next(&view()), "copy");
    let mut copying = with_files(&[file("0001", 42)]);
    copying.snapshot.as_mut().unwrap().status = SnapshotStatus::Copying;
    assert_eq!(next(&copying), "wait for the snapshot orders-daily-202601020304 to finish");
    let written = with_files(&[file("0001", 42)]);
    assert_eq!(next(&written), "describe 1 files");
    let described = ExportView { manifest: Some(Ok(manifest(&written))), ..written };
    assert_eq!(next(&described), "settled");
}

#[test]
fn what_begins_alike_is_no_file_of_it() {
    let mut other = file("0001", 42);
    for key in ["2026/orders-old.rdb", "2026/orders-0001.rdb.bak", "2026/orders-.rdb"] {
        other.key = key.to_owned();
        assert_eq!(next(&with_files(&[other.clone()])), "copy", "{key}");
    }
}

#[test]
fn nothing_of_others_is_taken_for_ours() {
    let mut older = file("0001", 42);
    older.written_at = "2025-12-31T00:00:00Z".parse().unwrap();
    assert_eq!(
        next(&with_files(&[older])),
        "the object 2026/orders-0001.rdb is in the bucket cache-exports already: it was written at 2025-12-31T00:00:00Z, before the snapshot was; nothing was overwritten, say another `name`"
    );
    assert_eq!(
        next(&with_files(&[file("0001", 42), file("0002", 42)])),
        "there are 2 files in the bucket cache-exports, and the snapshot has 1 shards; delete them, or say another `name`"
    );
    let written = with_files(&[file("0001", 42)]);
    let mut of_other = manifest(&written);
    of_other.snapshot = "bills-daily-202601020304".to_owned();
    let taken = ExportView { manifest: Some(Ok(of_other)), ..written.clone() };
    assert!(next(&taken).contains("it is the manifest of the snapshot bills-daily-202601020304"));
    let broken = ExportView { manifest: Some(Err("no JSON".to_owned())), ..written };
    assert!(next(&broken).contains("2026/orders.manifest.json is in the bucket cache-exports already: it cannot be read: no JSON"));
}

#[test]
fn a_file_that_changed_since_is_told() {
    let written = with_files(&[file("0001", 42)]);
    let manifest = manifest(&written);
    let compare = |change: fn(&mut FileView)| {
        let mut other = file("0001", 42);
        change(&mut other);
        manifest.compare(&[other]).unwrap_err().to_string()
    };
    assert_eq!(compare(|it| it.size = 41), "the file 2026/orders-0001.rdb has 41 bytes and not 42");
    assert_eq!(
        compare(|it| it.etag = "x".to_owned()),
        "the file 2026/orders-0001.rdb has the checksum x and not tag-0001"
    );
    assert_eq!(compare(|it| it.key = "x".to_owned()), "the file 2026/orders-0001.rdb is not there");
}

#[test]
fn what_cannot_be_exported_is_refused() {
    assert_eq!(next(&ExportView::default()), "there is no snapshot orders-daily-202601020304");
    let of = |change: fn(&mut SnapshotView)| {
        let mut view = view();
        change(view.snapshot.as_mut().unwrap());
        next(&view)
    };
    assert!(of(|it| it.status = SnapshotStatus::Failed).contains("is failed"));
    assert_eq!(
        of(|it| it.node_type = NodeType::parse("cache.r6gd.xlarge").ok()),
        "the snapshot orders-daily-202601020304 keeps cold keys on SSD, and ElastiCache exports none of those"
    );
}

#[test]
fn a_manifest_tells_all_that_a_restore_asks_for() {
    let mut view = with_files(&[file("0002", 50), file("0001", 42)]);
    let snapshot = view.snapshot.as_mut().unwrap();
    snapshot.group = Some("orders".to_owned());
    snapshot.shards = ["0-8191", "8192-16383"]
        .map(|it| SavedShard { size: Some(Bytes(7)), slots: shard::ranges(it).unwrap() })
        .into();
    snapshot.size = Some(Bytes(14));
    let tags = snapshot.tags.as_mut().unwrap();
    tags.insert(tag::RECORD.to_owned(), "keys=3 ends=0 string=3".to_owned());
    let before = snapshot.clone();
    let manifest = manifest(&view);
    let read = Manifest::read(&manifest.write()).unwrap();
    assert_eq!(read, manifest);
    let files: Vec<_> = read.files.iter().map(|it| (it.key.as_str(), it.slots.as_str())).collect();
    let expected = [("2026/orders-0001.rdb", "0-8191"), ("2026/orders-0002.rdb", "8192-16383")];
    assert_eq!(files, expected);
    let saved = read.saved();
    assert_eq!(
        (saved.shards, saved.size, saved.engine),
        (before.shards, before.size, before.engine)
    );
    assert_eq!(saved.tags.unwrap()[tag::RECORD], "keys=3 ends=0 string=3");
}

#[test]
fn what_is_no_manifest_is_not_read() {
    for text in ["", "{}", "[]", r#"{"form":1}"#] {
        assert!(Manifest::read(text.as_bytes()).is_err(), "{text}");
    }
    let mut other = manifest(&with_files(&[file("0001", 42)]));
    other.form = 2;
    assert_eq!(
        Manifest::read(&other.write()),
        Err("it has the form 2, and this reads 1".to_owned())
    );
    other.form = 1;
    other.files.clear();
    assert_eq!(Manifest::read(&other.write()), Err("it names no files".to_owned()));
}
