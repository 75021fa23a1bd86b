"""A backup comes back as it was, or is refused with nothing changed."""

import base64
import io
import shutil
import stat
import tarfile

import pytest
from sqlalchemy import func, select

from skywright.errors import ConflictError, InputError
from skywright.security.archive import BackupError
from skywright.security.backup import make_backup
from skywright.security.restore import restore_backup, verify_backup
from skywright.security.signing import Signer
from skywright.security.vault import Vault
from skywright.settings import Settings
from skywright.store.audit import add_audit_row, verify_audit
from skywright.store.blobs import BlobStore
from skywright.store.database import Database
from skywright.store.schema import audit


class House:
    """One installation."""

    def __init__(self, data_dir, **settings):
        self.settings = Settings(data_dir=data_dir, **settings)
        self.data_dir = data_dir
        self.database = Database.of(self.settings)

    def fill(self):
        self.blob = BlobStore(self.data_dir / "blobs").put(b"catalogue")
        self.upload = Vault.of(self.settings, self.database).put(b"a secret of a person")
        model = self.data_dir / "models" / "m" / "1"
        model.mkdir(parents=True)
        (model / "model.onnx").write_bytes(b"weights")
        (self.data_dir / "runs").mkdir()
        (self.data_dir / "runs" / "scratch").touch()
        with self.database.write() as connection:
            add_audit_row(connection, "a", "b", "c")

    def state(self):
        """Everything in the data folder, by name and content."""
        self.database.close()
        return {
            str(path.relative_to(self.data_dir)): path.read_bytes()
            for path in self.data_dir.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "house")
    house.fill()
    yield house
    house.database.close()


@pytest.fixture
def other(tmp_path):
    house = House(tmp_path / "other")
    yield house
    house.database.close()


@pytest.fixture
def archive(house, tmp_path):
    path = tmp_path / "backup.tar"
    make_backup(house.settings, house.database, path, with_keys=True)
    return path


def _restore(house, archive, *, force=False):
    return restore_backup(house.settings, house.database, archive, force=force)


def _rewrite(archive, change):
    """Write the archive anew with its members changed, as somebody with tar could."""
    with tarfile.open(archive) as tar:
        members = [(m, tar.extractfile(m).read() if m.isreg() else b"") for m in tar]
    members = change(members)
    with tarfile.open(archive, "w") as tar:
        for member, content in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))


def test_what_is_restored_elsewhere_is_what_was_there(house, other, archive):
    done = _restore(other, archive)
    assert BlobStore(other.data_dir / "blobs").read(house.blob) == b"catalogue"
    assert (other.data_dir / "models/m/1/model.onnx").read_bytes() == b"weights"
    assert Vault.of(other.settings, other.database).read(house.upload) == b"a secret of a person"
    assert verify_audit(other.database) is None
    assert (done.aside, done.keys_missing, done.audit_broken_id) == ("", (), None)
    assert not list(other.data_dir.glob(".restore-*"))


def test_a_backup_is_for_its_owner_only_and_says_what_it_left_out(house, tmp_path):
    path = tmp_path / "b.tar"
    (house.data_dir / "models" / "latest").symlink_to("m")
    made = make_backup(house.settings, house.database, path, with_keys=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.left_out == ("models/latest", "runs")
    assert made.manifest.rows["audit"] == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar", "house"]


def test_keys_are_inside_only_when_asked_for(house, other, tmp_path):
    path = tmp_path / "b.tar"
    made = make_backup(house.settings, house.database, path, with_keys=False)
    assert str(house.data_dir / "master.key") in made.keys_elsewhere
    key = base64.b64decode((house.data_dir / "master.key").read_bytes())
    content = path.read_bytes()
    assert (house.data_dir / "master.key").read_bytes().strip() not in content
    assert key not in content
    assert _restore(other, path).keys_missing == ("master.key",)


def test_without_keys_models_are_trusted_still(house, other, tmp_path):
    signature = Signer(house.data_dir).sign(b"a manifest")
    make_backup(house.settings, house.database, tmp_path / "b.tar", with_keys=False)
    _restore(other, tmp_path / "b.tar")
    Signer(other.data_dir).verify(b"a manifest", signature)


def test_verifying_changes_nothing(house, archive, tmp_path):
    before, files = house.state(), sorted(tmp_path.iterdir())
    done = verify_backup(house.settings, house.database, archive)
    assert (done.signed, done.database_opened) == ("trusted", True)
    assert house.state() == before
    assert sorted(tmp_path.iterdir()) == files


def test_verifying_where_nothing_is_makes_nothing(other, archive):
    assert verify_backup(other.settings, other.database, archive).signed == "unknown"
    assert not other.data_dir.exists()


def test_a_folder_with_something_in_it_is_refused(house, archive):
    before = house.state()
    with pytest.raises(ConflictError, match="is not empty.*--force"):
        _restore(house, archive)
    assert house.state() == before


def test_force_moves_what_was_there_aside(house, archive):
    before = house.state()
    (house.data_dir / "models/m/1/model.onnx").write_bytes(b"newer weights")
    with house.database.write() as connection:
        add_audit_row(connection, "later", "b", "c")
    done = _restore(house, archive, force=True)
    assert (house.data_dir / "models/m/1/model.onnx").read_bytes() == b"weights"
    with house.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(audit)) == 1
    kept = {name for name in before if name.startswith(("models", "blobs", "vault"))}
    aside = done.aside.rpartition("/")[2]
    assert {f"{aside}/{name}" for name in kept} <= house.state().keys()


def test_force_without_keys_in_the_archive_leaves_the_keys(house, tmp_path):
    make_backup(house.settings, house.database, tmp_path / "b.tar", with_keys=False)
    done = _restore(house, tmp_path / "b.tar", force=True)
    assert Vault.of(house.settings, house.database).read(house.upload) == b"a secret of a person"
    assert done.signed == "trusted"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_was_cut_off_is_refused(other, archive, share):
    content = archive.read_bytes()
    end = content.rindex(b"manifest.sig")  # what follows is padding
    archive.write_bytes(content[: int(end * share)])
    with pytest.raises(BackupError, match="cut off"):
        _restore(other, archive)
    assert other.state() == {}


@pytest.mark.parametrize("name", ["files/models/m/1/model.onnx", "database.sqlite"])
def test_a_changed_member_is_refused_by_name(other, archive, name):
    def change(members):
        return [(m, c[:-1] + b"\x07" if m.name == name else c) for m, c in members]

    _rewrite(archive, change)
    with pytest.raises(BackupError, match=f"{name} in .* is not what its manifest says"):
        _restore(other, archive)
    assert other.state() == {}


def test_any_flipped_byte_of_content_is_noticed(other, archive):
    content = bytearray(archive.read_bytes())
    content[content.index(b"catalogue")] ^= 1
    archive.write_bytes(content)
    with pytest.raises(BackupError, match="was changed"):
        verify_backup(other.settings, other.database, archive)


def test_a_member_too_few_or_too_many_is_refused(other, archive, tmp_path):
    copy = tmp_path / "copy.tar"
    shutil.copy(archive, copy)
    _rewrite(archive, lambda members: [m for m in members if "onnx" not in m[0].name])
    with pytest.raises(BackupError, match=r"lacks files/models/m/1/model\.onnx"):
        _restore(other, archive)
    extra = tarfile.TarInfo("files/models/extra")
    _rewrite(copy, lambda members: [(extra, b"x"), *members])
    with pytest.raises(BackupError, match="holds files/models/extra"):
        _restore(other, copy)


def test_a_manifest_rewritten_to_fit_is_noticed_where_its_signer_is_known(house, archive):
    def change(members):
        return [(m, c.replace(b'"audit": 1', b'"audit": 2')) for m, c in members]

    _rewrite(archive, change)
    with pytest.raises(BackupError, match="does not fit its signature"):
        verify_backup(house.settings, house.database, archive)


def test_rows_are_counted_and_not_believed(other, archive):
    def change(members):
        return [(m, c.replace(b'"audit": 1', b'"audit": 2')) for m, c in members]

    _rewrite(archive, change)
    with pytest.raises(BackupError, match="Table audit has 1 rows, not 2"):
        _restore(other, archive)
    assert other.state() == {}


def _named(name, **more):
    member = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(member, key, value)
    return member


@pytest.mark.parametrize(
    "member",
    [
        _named("../outside"),
        _named("/etc/cron.d/x"),
        _named("files/models/../../../outside"),
        _named("files/models/./x"),
        _named("files/models/..\\x"),
        _named("files/other/x"),
        _named("files/models"),
        _named("keys/authorized_keys"),
        _named("keys/sub/master.key"),
        _named("skywright.db"),
        _named("files/models/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        _named("files/models/hard", type=tarfile.LNKTYPE, linkname="database.sqlite"),
        _named("files/models/device", type=tarfile.CHRTYPE),
        _named("files/models/holes", type=tarfile.GNUTYPE_SPARSE),
        _named("database.sqlite"),
    ],
    ids=lambda member: member.name,
)
def test_names_that_no_backup_has_are_refused(other, archive, tmp_path, member):
    _rewrite(archive, lambda members: [*members, (member, b"")])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BackupError, match="which no backup of skywright does"):
        verify_backup(other.settings, other.database, archive)
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_no_tar_file_is_refused(other, tmp_path):
    (tmp_path / "x.tar").write_bytes(b"not a tar file at all" * 100)
    with pytest.raises(BackupError, match="is not a tar file"):
        _restore(other, tmp_path / "x.tar")
    with pytest.raises(BackupError, match="There is no file"):
        _restore(other, tmp_path / "none.tar")


def test_another_format_is_refused_by_number(other, archive):
    def change(members):
        return [(m, c.replace(b'"format": 1', b'"format": 9')) for m, c in members]

    _rewrite(archive, change)
    with pytest.raises(BackupError, match="has format 9; this version reads format 1"):
        _restore(other, archive)


def test_a_move_that_fails_puts_everything_back(house, archive, monkeypatch):
    before = house.state()
    real, calls = shutil.move, []

    def move(source, target):
        calls.append(source)
        if len(calls) == 6:
            raise OSError
        return real(source, target)

    monkeypatch.setattr(shutil, "move", move)
    with pytest.raises(OSError):  # noqa: PT011
        _restore(house, archive, force=True)
    monkeypatch.undo()
    assert house.state() == before


def test_a_backup_replaces_nothing(house, archive, tmp_path):
    with pytest.raises(ConflictError, match="exists"):
        make_backup(house.settings, house.database, archive, with_keys=False)
    with pytest.raises(InputError, match="make it first"):
        make_backup(house.settings, house.database, tmp_path / "no/b.tar", with_keys=False)


def test_a_broken_trail_in_a_backup_is_told(house, tmp_path):
    from sqlalchemy import text

    with house.database.write() as connection:
        connection.execute(text("DROP TRIGGER audit_keeps_on_update"))
        connection.execute(text("UPDATE audit SET actor = 'x'"))
    make_backup(house.settings, house.database, tmp_path / "b.tar", with_keys=False)
    done = verify_backup(house.settings, house.database, tmp_path / "b.tar")
    assert done.audit_broken_id == 1


def test_a_backup_while_others_write_holds_one_moment(house, tmp_path):
    with house.database.write() as connection:
        add_audit_row(connection, "not", "yet", "kept")
        made = _backup_beside(house, tmp_path / "b.tar")
    assert made.manifest.rows["audit"] == 1
    assert verify_backup(house.settings, house.database, tmp_path / "b.tar").audit_broken_id is None


def _backup_beside(house, path):
    database = Database.of(house.settings)
    try:
        return make_backup(house.settings, database, path, with_keys=False)
    finally:
        database.close()


@pytest.mark.service
def test_postgres_comes_back_too(postgres_server, tmp_path):
    from tests import postgres

    url, empty = (postgres.new_database(postgres_server) for _ in range(2))
    house, path = House(tmp_path / "house", database_url=url), tmp_path / "b.tar"
    house.fill()
    make_backup(house.settings, house.database, path, with_keys=True)
    assert verify_backup(house.settings, house.database, path).database_opened
    with pytest.raises(ConflictError, match="PostgreSQL database .* is not empty"):
        _restore(House(tmp_path / "third", database_url=url), path)
    other = House(tmp_path / "other", database_url=empty)
    assert _restore(other, path).audit_broken_id is None
    assert Vault.of(other.settings, other.database).read(house.upload) == b"a secret of a person"
    assert _restore(house, path, force=True).aside
    with pytest.raises(InputError, match="is of postgresql; SKYWRIGHT_DATABASE_URL names sqlite"):
        _restore(House(tmp_path / "fourth"), path)
    for database in (house.database, other.database):
        database.close()
