Feature: A colleague who lost the passkey is let in again, at any hour
  Two others vouch, after a call to the number on file. It never makes one person out of two.

  Background:
    Given Ana has asked for fares and then lost her passkey
    And Sue, her supervisor, called her back and opened a recovery
    And Ben, of finance, confirmed it

  Scenario: Both halves are a new beginning, and nothing old opens the door
    When Ana types both halves
    Then she may set up anew
    And neither her old password nor her old session opens anything

  Scenario: One half alone is worth nothing
    When Ana types Sue's half twice
    Then she is told it is not right

  Scenario: Whoever vouched is not the second person for her money that day
    When Ana types both halves
    Then Ben cannot approve what she asked for
    But Carla can
