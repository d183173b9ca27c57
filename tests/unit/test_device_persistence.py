"""Whether a device keeps data without power, in the words of many writers."""

import pytest
from device_figures import read

_KEPT = """
It is non-volatile: no battery, no flushing, the bits just stay.
Nonvolatile: no refresh, no battery needed.
Non-volatile: not affected by power loss.
Persistent: no batteries required
Data outlives a reboot.
A power cut costs you nothing: the content is intact afterwards.
Pull the plug and the bits are still there.
Contents survive power loss.
Upon power failure all data is preserved.
It retains data for ten years unpowered.
Nothing is lost when the lights go out.
What you write stays written, with or without power.
Switch it off and on again: everything is where you left it.
Data is safe across power cycles.
Retention: 20 years without supply.
It needs no refresh and no power to keep its bits.
Power loss: contents kept.
Contents after power-off: retained
Nonvolatile: yes
volatile: no
Power-fail protected by a supercapacitor.
It does not lose anything when the power fails.
It does not forget when unplugged.
"""
_LOST = """
Non-volatile? No.
Persistent: not at all.
non-volatile = false
Data persistence: none
It's volatile.
A reboot wipes it.
Cut the power and it is all gone.
Contents evaporate at power-off.
Contents do not survive a power cycle.
After a reset it comes up empty.
Nothing survives a reboot.
It remembers nothing once the power goes.
Data does not outlast a power failure.
It starts blank after every boot.
Power-off clears it.
It needs power to keep its contents.
Whatever is in it is lost when the donor reboots.
Persistence: none
Without power the data vanishes.
It will not keep anything when the machine is switched off.
Power lost: contents lost.
As with any DRAM, unplugging it means losing what is in it.
Its contents are retained until the power fails.
non-volatile: false
"""
_UNSAID = """
Pages here should survive memory pressure.
Idle power is lost in the regulators.
The driver's settings survive a reboot.
Not for data that must survive a power cut.
Resetting the counters takes a while.
"""


@pytest.mark.parametrize("said", _KEPT.strip().splitlines())
def test_it_keeps_data_without_power(said: str) -> None:
    assert read(f"A memory module.\n{said}").persistent is True


@pytest.mark.parametrize("said", _LOST.strip().splitlines())
def test_it_loses_data_without_power(said: str) -> None:
    assert read(f"A memory module.\n{said}").persistent is False


@pytest.mark.parametrize("said", _UNSAID.strip().splitlines())
def test_what_is_said_of_something_else_tells_nothing_of_it(said: str) -> None:
    assert read(f"A memory module.\n{said}").persistent is None


@pytest.mark.parametrize(
    ("said", "keeps"),
    [
        ("Cut the power, come back a week later: everything is there.", True),
        ("A reboot leaves its contents alone.", True),
        ("Power loss is harmless.", True),
        ("Backed by a supercapacitor, it saves everything to flash when power fails.", True),
        ("Its memory is durable across reboots.", True),
        ("Unplug it and nothing happens to the data.", True),
        ("No power, no data.", False),
        ("Once the power goes, so does your data.", False),
        ("Do not expect to find anything on it after a power cycle.", False),
        ("Starts blank after each reset.", False),
        ("Turn it off and you start from scratch.", False),
        ("As soon as the current stops, the data are history.", False),
        ("Is it persistent?", None),
        ("The server survived an outage last year.", None),
        ("A persistent rumour has it that it is slow.", None),
    ],
)
def test_persistence_is_told_in_many_ways(said: str, keeps: bool | None) -> None:
    assert read(f"A memory card.\n\n{said}").persistent is keeps
