#!/usr/bin/env python3
"""Writes the files of five machines, one text file each: lines `PATH:LINE`, as `grep -r ''` prints
them. `/later/PATH` is the file a second later. No recordings: put together by hand after what such
machines show, with fewer CPUs. `record` makes files of the same form of the machine it runs on."""

import pathlib

CPU = "/sys/devices/system/cpu"


class Machine:
    def __init__(self, name):
        self.name, self.files = name, {}

    def add(self, path, text):
        self.files[path] = text

    def cpus(self, count, cpuinfo, siblings, caches, package=lambda cpu: 0):
        self.add("/proc/cpuinfo", "\n\n".join(cpuinfo(cpu) for cpu in range(count)))
        self.add(f"{CPU}/online", f"0-{count - 1}")
        self.add("/proc/self/status", f"Name:\tcat\nCpus_allowed_list:\t0-{count - 1}")
        for cpu in range(count):
            self.add(f"{CPU}/cpu{cpu}/topology/core_cpus_list", siblings(cpu))
            self.add(f"{CPU}/cpu{cpu}/topology/physical_package_id", str(package(cpu)))
            for index, (level, kind, size, sharers) in enumerate(caches):
                folder = f"{CPU}/cpu{cpu}/cache/index{index}"
                self.add(f"{folder}/level", str(level))
                self.add(f"{folder}/type", kind)
                self.add(f"{folder}/size", size)
                self.add(f"{folder}/shared_cpu_list", sharers(cpu))

    def frequency(self, count, **values):
        for cpu in range(count):
            for name, value in values.items():
                self.add(f"{CPU}/cpu{cpu}/cpufreq/{name}", value)

    def memory(self, total, available, swap=(0, 0)):
        self.add(
            "/proc/meminfo",
            f"MemTotal:       {total} kB\nMemAvailable:   {available} kB\n"
            f"SwapTotal:      {swap[0]} kB\nSwapFree:       {swap[1]} kB",
        )

    def stat(self, count, user, system, idle, steal, later):
        """Ticks of all CPUs since boot; what `later` adds to user, system, idle and steal."""

        def text(user, system, idle, steal):
            # What each CPU did is not looked at, only how many there are.
            lines = [f"cpu  {user} 0 {system} {idle} 0 0 0 {steal} 0 0"]
            lines += [f"cpu{cpu} 0 0 0 0 0 0 0 0 0 0" for cpu in range(count)]
            return "\n".join(lines)

        self.add("/proc/stat", text(user, system, idle, steal))
        more = [a + b for a, b in zip((user, system, idle, steal), later)]
        self.add("/later/proc/stat", text(*more))

    def process(self, pid, name, before, later):
        for prefix, ticks in (("", before), ("/later", later)):
            self.add(
                f"{prefix}/proc/{pid}/stat",
                f"{pid} ({name}) S 1 {pid} {pid} 0 -1 4194304 100 0 0 0 {ticks} 0 0 0 20 0 4 0 5 1 1",
            )

    def write(self):
        lines = []
        for path, text in sorted(self.files.items()):
            lines += [f"{path}:{line}" for line in text.split("\n")]
        (pathlib.Path(__file__).parent / f"{self.name}.txt").write_text("\n".join(lines) + "\n")


def x86(vendor, family, model, stepping, brand, flags, core):
    return lambda cpu: (
        f"processor\t: {cpu}\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n"
        f"model name\t: {brand}\nstepping\t: {stepping}\nphysical id\t: 0\ncore id\t\t: {core(cpu)}\n"
        f"flags\t\t: {flags}"
    )


def laptop():
    m = Machine("laptop")
    half = lambda cpu: f"{cpu % 4},{cpu % 4 + 4}"
    m.cpus(
        8,
        x86("GenuineIntel", 6, 140, 1, "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz",
            "fpu sse2 avx2 fma avx512f avx512vl", lambda cpu: cpu % 4),
        half,
        [(1, "Data", "48K", half), (1, "Instruction", "32K", half), (2, "Unified", "1280K", half),
         (3, "Unified", "12288K", lambda cpu: "0-7")],
    )
    m.frequency(8, scaling_governor="powersave", scaling_driver="intel_pstate",
                energy_performance_preference="balance_performance")
    m.add(f"{CPU}/intel_pstate/no_turbo", "0")
    m.add(f"{CPU}/smt/active", "1")
    for cpu in range(8):
        m.add(f"{CPU}/cpu{cpu}/thermal_throttle/core_throttle_count", str(40 + cpu % 4))
        m.add(f"{CPU}/cpu{cpu}/thermal_throttle/package_throttle_count", "212")
    m.add(f"{CPU}/vulnerabilities/spectre_v2", "Mitigation: Enhanced / Automatic IBRS")
    m.add(f"{CPU}/vulnerabilities/meltdown", "Not affected")
    m.memory(16106432, 1210432, (8388604, 7864316))
    m.add("/proc/loadavg", "1.92 1.40 1.11 2/1432 40121")
    m.add("/proc/pressure/memory", "some avg10=2.31 avg60=0.90 avg300=0.22 total=8123456\n"
          "full avg10=1.80 avg60=0.70 avg300=0.11 total=6123456")
    m.stat(8, 812345, 201234, 9123456, 0, (86, 14, 704, 0))
    m.process(2101, "Web Content", 400123, 400185)
    m.process(990, "gnome-shell", 91234, 91252)
    m.process(1, "systemd", 1201, 1201)
    m.add("/proc/sys/kernel/perf_event_paranoid", "4")
    m.add("/sys/bus/event_source/devices/cpu/type", "4")
    m.add("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never")
    m.add("/sys/class/power_supply/AC/type", "Mains")
    m.add("/sys/class/power_supply/BAT0/status", "Discharging")
    m.add("/sys/class/dmi/id/sys_vendor", "LENOVO")
    m.add("/sys/class/dmi/id/product_name", "20XW004AGE")
    m.add("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc")
    m.add("/sys/devices/system/node/online", "0")
    m.add("/etc/os-release", 'PRETTY_NAME="Ubuntu 24.04.1 LTS"')
    m.write()


def server():
    m = Machine("tuned-server")
    half = lambda cpu: f"{cpu % 8},{cpu % 8 + 8}"
    m.cpus(
        16,
        x86("AuthenticAMD", 25, 1, 1, "AMD EPYC 72F3 8-Core Processor", "fpu sse2 avx2 fma",
            lambda cpu: cpu % 8),
        half,
        [(1, "Data", "32K", half), (1, "Instruction", "32K", half), (2, "Unified", "512K", half),
         (3, "Unified", "32768K", half)],
    )
    m.frequency(16, scaling_governor="performance", scaling_driver="acpi-cpufreq")
    m.add(f"{CPU}/cpufreq/boost", "0")
    m.add(f"{CPU}/smt/active", "1")
    m.add(f"{CPU}/vulnerabilities/spectre_v2", "Mitigation: Retpolines; IBPB: conditional")
    m.add(f"{CPU}/vulnerabilities/spec_rstack_overflow", "Mitigation: Safe RET")
    m.memory(263854752, 251234567)
    m.add("/proc/loadavg", "0.02 0.05 0.01 1/412 9123")
    m.add("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=12")
    m.stat(16, 91234, 40123, 98123456, 0, (1, 1, 1598, 0))
    m.add("/proc/sys/kernel/perf_event_paranoid", "1")
    m.add("/proc/sys/kernel/numa_balancing", "0")
    m.add("/sys/bus/event_source/devices/cpu/type", "4")
    m.add("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never")
    m.add("/sys/class/dmi/id/sys_vendor", "Supermicro")
    m.add("/sys/class/dmi/id/product_name", "AS -1114S-WTRT")
    m.add("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc")
    m.add("/sys/devices/system/node/online", "0")
    m.add("/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"')
    m.write()


def virtual():
    m = Machine("virtual-machine")
    pair = lambda cpu: f"{cpu // 2 * 2}-{cpu // 2 * 2 + 1}"
    m.cpus(
        4,
        x86("GenuineIntel", 6, 143, 8, "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
            "fpu sse2 avx2 fma avx512f hypervisor", lambda cpu: cpu // 2),
        pair,
        [(1, "Data", "48K", pair), (1, "Instruction", "32K", pair), (2, "Unified", "2048K", pair),
         (3, "Unified", "107520K", lambda cpu: "0-3")],
    )
    m.add(f"{CPU}/smt/active", "1")
    m.add(f"{CPU}/vulnerabilities/spectre_v2", "Mitigation: Enhanced / Automatic IBRS")
    m.memory(16374136, 15012345)
    m.add("/proc/loadavg", "2.41 1.12 0.50 3/188 2231")
    m.add("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0")
    m.stat(4, 212345, 31234, 812345, 6123, (92, 4, 294, 10))
    m.process(2210, "unattended (upgr)", 1200, 1292)
    m.add("/proc/sys/kernel/perf_event_paranoid", "2")
    m.add("/sys/bus/event_source/devices/software/type", "1")
    m.add("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]")
    m.add("/sys/class/dmi/id/sys_vendor", "Google")
    m.add("/sys/class/dmi/id/product_name", "Google Compute Engine")
    m.add("/sys/devices/system/clocksource/clocksource0/current_clocksource", "kvm-clock")
    m.add("/sys/devices/system/node/online", "0")
    m.add("/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"')
    m.write()


def container():
    m = Machine("container")
    one = lambda cpu: str(cpu)
    m.cpus(
        8,
        x86("AuthenticAMD", 25, 33, 2, "AMD Ryzen 7 5700X 8-Core Processor", "fpu sse2 avx2 fma",
            lambda cpu: cpu),
        one,
        [(1, "Data", "32K", one), (1, "Instruction", "32K", one), (2, "Unified", "512K", one),
         (3, "Unified", "32768K", lambda cpu: "0-7")],
    )
    m.add("/proc/self/status", "Name:\tcat\nCpus_allowed_list:\t0-5")
    m.frequency(8, scaling_governor="schedutil", scaling_driver="acpi-cpufreq")
    m.add(f"{CPU}/cpufreq/boost", "1")
    m.add(f"{CPU}/smt/active", "0")
    m.memory(65768432, 40123456)
    m.add("/proc/self/cgroup", "0::/")
    m.add("/sys/fs/cgroup/cpu.max", "250000 100000")
    m.add("/sys/fs/cgroup/cpu.stat", "usage_usec 912345678\nuser_usec 812345678\n"
          "system_usec 100000000\nnr_periods 9120\nnr_throttled 2831\nthrottled_usec 412345678")
    m.add("/proc/loadavg", "4.80 3.92 3.11 6/902 77")
    m.stat(8, 9123456, 812345, 40123456, 0, (404, 36, 360, 0))
    m.process(1, "bash", 12, 12)
    m.add("/proc/sys/kernel/perf_event_paranoid", "2")
    m.add("/sys/bus/event_source/devices/cpu/type", "4")
    m.add("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never")
    m.add("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet")
    m.add("/sys/devices/system/node/online", "0")
    m.add("/etc/os-release", 'PRETTY_NAME="Alpine Linux v3.20"')
    m.write()


def arm():
    m = Machine("arm64-server")
    one = lambda cpu: str(cpu)
    m.cpus(
        8,
        lambda cpu: (
            f"processor\t: {cpu}\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd evtstrm aes atomics\n"
            "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n"
            "CPU revision\t: 1"
        ),
        one,
        [(1, "Data", "64K", one), (1, "Instruction", "64K", one), (2, "Unified", "1024K", one)],
        package=lambda cpu: cpu // 4,
    )
    m.frequency(8, scaling_governor="ondemand", scaling_driver="cppc_cpufreq")
    m.memory(131012345, 120123456)
    m.add("/proc/loadavg", "0.10 0.08 0.02 1/502 4123")
    m.stat(8, 412345, 91234, 98123456, 0, (3, 1, 796, 0))
    m.add("/proc/sys/kernel/perf_event_paranoid", "2")
    m.add("/proc/sys/kernel/numa_balancing", "1")
    m.add("/sys/bus/event_source/devices/armv8_pmuv3_0/type", "8")
    m.add("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never")
    m.add("/sys/class/dmi/id/sys_vendor", "GIGABYTE")
    m.add("/sys/class/dmi/id/product_name", "R272-P30-JG")
    m.add("/sys/devices/system/clocksource/clocksource0/current_clocksource", "arch_sys_counter")
    m.add("/sys/devices/system/node/online", "0-1")
    m.add("/etc/os-release", 'PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"')
    m.write()


for machine in (laptop, server, virtual, container, arm):
    machine()
