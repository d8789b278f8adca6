Feature: Somebody answers at night
  The case and its money always need two people, at three in the morning too.

  Background:
    Given Ben is on call for money tonight, with Carla as his backup

  Scenario: Until a colleague accepts, the first stays on call
    When Ben asks Carla to take over at ten
    Then Ben is called at eleven
    When Carla accepts at midnight
    Then Carla is called at one in the morning

  Scenario: Who leaves the programme leaves a hole that is seen
    When Ben is disabled at ten
    Then nobody is called for money at eleven, and the backup is Carla
    And the supervisor reads that nobody is on call

  Scenario: An author who is called says whom to call instead
    Given Ben wrote a request when he was still a case manager
    Then about that family Carla is called instead
