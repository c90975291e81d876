"""The sender of mails is killed in mid-sending: no mail is lost, and none repeated in silence."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg
from pydantic import SecretStr

from loyalty.bootstrap import build
from loyalty.jobs.queue import enqueue
from loyalty.jobs.worker import CONCURRENCY
from loyalty.outbox import State
from loyalty.postgres import OWNER, Server
from loyalty.settings import Settings
from tests.support.homes import lay_out
from tests.support.mailbox import Mailbox, Mood, mailbox
from tests.support.mailing import Mailing, open_ladder
from tests.support.proofs import Proof
from tests.support.requirements import sample
from tests.support.serving import Served, reachable_directory

SENDER: Final = "points@shop.example"


class Sender:
    """A worker in a process of its own, which a mail server may have killed."""

    def __init__(self, served: Served, box: Mailbox) -> None:
        self.served = served
        self.box = box
        self.kills = 0
        self.environment = {
            **served.environment(),
            "LOYALTY_SMTP_URL": box.url,
            "LOYALTY_MAIL_FROM": SENDER,
        }
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, mailing: Mailing) -> None:
        """Run the job as a worker does, until it has ended or was killed."""
        await mailing.database.write(enqueue, "tell-members", {"timestamp": 0})
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "loyalty", "worker", "--until-idle"),
            env=self.environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        await asyncio.wait_for(self._process.wait(), timeout=60)

    def kill(self) -> None:
        """Kill it at this very moment."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self.kills += 1
        self.box.on_content = self.box.on_kept = None

    def kill_with_the_database(self) -> None:
        """Kill it and, at the same moment, the database."""
        self.kill()
        self.served.kill_database()


async def test_a_killed_sender_loses_no_mail_and_repeats_none_in_silence(
    upgraded: Path, proof: Proof
) -> None:
    rounds = sample(quick=1, full=12)
    with reachable_directory() as directory:
        served = Served(directory / "home")
        lay_out(served.home, upgraded)
        with Server(served.home, report=print) as server:
            async with mailbox() as box:
                await _kill_and_count(served, server, box, rounds, proof)
        verified = served.run("verify", check=False)
        assert verified.returncode == 0, verified.stdout + verified.stderr


async def _kill_and_count(
    served: Served, server: Server, box: Mailbox, rounds: int, proof: Proof
) -> None:
    settings = Settings(home=Path(served.home), smtp_url=SecretStr(box.url), mail_from=SENDER)
    sender = Sender(served, box)
    lost_before, kept_before = 0, 0
    async with build(settings) as application:
        mailing = Mailing(application, box)
        await mailing.database.write(open_ladder, mailing.cause())
        for number in range(rounds * 4):
            member = await mailing.join(f"m{number}@example.com")
            await mailing.upgrade(member.id)
        for _ in range(rounds):
            box.moods = [Mood.DROP_WITHOUT_KEEPING]
            lost_before += await _killed(sender, server, mailing, "on_content", sender.kill)
            kept_before += await _killed(sender, server, mailing, "on_kept", sender.kill)
            kept_before += await _killed(
                sender, server, mailing, "on_kept", sender.kill_with_the_database
            )
        box.moods = [Mood.LATER_AT_CONTENT, Mood.DROP_AFTER_KEEPING, Mood.SLOW]
        for _ in range(3):
            _let_leases_end(server)
            await sender.run(mailing)
        messages = await mailing.messages()

    found = box.message_ids()
    assert sender.kills == rounds * 3, "a kill never came: the run proved nothing"
    assert {each.state for each in messages} == {State.SENT}
    assert set(found) == {each.message_id for each in messages}
    for each in messages:
        assert 1 <= found[each.message_id] <= 1 + each.uncertain
    repeated = sum(found.values()) - len(found)
    uncertain = sum(each.uncertain for each in messages)
    assert repeated > kept_before, "what was kept and not said comes twice, the broken line's too"
    assert lost_before + kept_before < uncertain <= 1 + sender.kills * CONCURRENCY
    proof("senders of mail killed in mid-sending", sender.kills)
    proof("mails lost", len(messages) - len(found))
    proof("mails repeated after a kill, each with its Message-ID and counted", repeated)


async def _killed(
    sender: Sender, server: Server, mailing: Mailing, moment: str, kill: Callable[[], None]
) -> int:
    """Run a sender that is killed at a moment; whether it was."""
    before = sender.kills
    setattr(sender.box, moment, kill)
    await sender.run(mailing)
    if not server.is_running():
        await asyncio.to_thread(server.revive)
    _let_leases_end(server)
    return sender.kills - before


def _let_leases_end(server: Server) -> None:
    """Let the time pass that a lease or a pause takes: whoever waits longest stays first."""
    url = server.url(OWNER).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute(
            "UPDATE loyalty.message SET next_at = next_at - interval '2 days'"
            " WHERE next_at IS NOT NULL"
        )
