"""Small disks of the suite that can be made full: file systems in memory whose size is lowered to what is used."""
import os, subprocess

# Room enough for a long run; memory is taken only as it is used.
WHOLE = "3g"


class Mounts:
    """`why_not` says in words why there can be none."""

    def __init__(self, folder):
        self.folder, self.places = folder, {}
        self.why_not = self.find_why_not()

    @property
    def is_possible(self):
        return self.why_not is None

    def find_why_not(self):
        if os.geteuid() != 0:
            return "mounting a small disk needs root"
        place = self.folder / "try"
        place.mkdir()
        tried = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], text=True, capture_output=True)
        if tried.returncode == 0:
            subprocess.run(["umount", str(place)], check=True)
        place.rmdir()
        return None if tried.returncode == 0 else f"this machine mounts nothing: {tried.stderr.strip()}"

    def mount(self, name, place):
        if self.is_possible:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={WHOLE}", "tmpfs", str(place)], check=True)
            self.places[name] = place

    def fill(self, name, pages=0):
        """From now on there is room for so many pages more: with one, a record may be torn at its end."""
        ballast = self.places[name] / ".ballast"
        if self.used(name) == 0:
            ballast.write_bytes(b"x")
        self.resize(name, (self.used(name) + pages) * os.statvfs(self.places[name]).f_frsize)

    def used(self, name):
        stat = os.statvfs(self.places[name])
        return stat.f_blocks - stat.f_bfree

    def free(self, name):
        self.resize(name, WHOLE)

    def resize(self, name, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", "tmpfs", str(self.places[name])], check=True)

    def unmount_all(self):
        """What they held stays where it was, on the disk below."""
        for place in self.places.values():
            subprocess.run(["cp", "-a", str(place), f"{place}.kept"], check=False)
            subprocess.run(["umount", "-l", str(place)], check=False)
            subprocess.run(["cp", "-a", f"{place}.kept/.", str(place)], check=False)
            subprocess.run(["rm", "-rf", f"{place}.kept"], check=False)
        self.places = {}
